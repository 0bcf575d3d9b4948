import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { TensorData } from '../../../src/core/engine';
import { buildTextModel } from '../../../src/core/models/text';
import { initialTensors } from '../../../src/core/nn';
import { TextTokenizer } from '../../../src/core/text';
import { saveTextModel } from '../../../src/core/weights';

export const tokenizerFolder = path.resolve(__dirname, '../../fixtures/text/bytelevel');

/** A small GPT-2 of random values on disk, lively enough that it doesn't repeat itself, with a byte-level tokenizer. */
export async function writingFolder(into: string, config: Record<string, unknown> = {}): Promise<string> {
  const tokenizer = await TextTokenizer.open(tokenizerFolder);
  const size = { n_embd: 24, n_layer: 2, n_head: 3, n_positions: 200, vocab_size: tokenizer.size };
  const model = buildTextModel({ model_type: 'gpt2', ...size, ...config }, { head: 'causal-lm' });
  const files = readdirSync(tokenizerFolder).filter((file) => file !== 'expected.json');
  await saveTextModel(into, {
    model,
    tensors: lively(initialTensors(model.root, 3)),
    labels: [],
    card: '',
    files: files.map((file) => path.join(tokenizerFolder, file)),
  });
  return into;
}

/** Fresh weights are so small that every token is as likely as another. */
export function lively(tensors: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const isMatrix = tensor.shape.length === 2;
      return [name, isMatrix ? { ...tensor, data: Float32Array.from(tensor.data, (v) => 12 * v) } : tensor];
    }),
  );
}

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { NamedTensors } from '../../../src/core/engine';
import { Generator } from '../../../src/core/generation';
import { TextTokenizer } from '../../../src/core/text';
import { loadTextModel } from '../../../src/core/weights';
import { engine } from '../engine/helpers';
import { headOf } from '../models/families';
import { caseFolder } from '../models/family';

interface Text {
  readonly prompt: number[];
  readonly greedy: number[];
  readonly beams: { count: number; ends: number[]; ids: number[] }[];
}

/** What scripts/fixtures/make_generation.py writes. */
export const written = JSON.parse(readFileSync(path.resolve(__dirname, '../../fixtures/generation.json'), 'utf8')) as Record<
  string,
  Text[]
>;

const words = /(wte|embed_tokens|shared|lm_head)\.weight$/;

/** make_generation.py's function of that name. */
function livened(tensors: NamedTensors): NamedTensors {
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const isMatrix = tensor.shape.length === 2 && !words.test(name);
      return [name, isMatrix ? { ...tensor, data: Float32Array.from(tensor.data, (v) => 4 * v) } : tensor];
    }),
  );
}

/** A small network that writes, with a tokenizer that has more to say than it. */
export async function generatorOf(name: string, folder: string, ends: readonly number[] = [], prefix?: string): Promise<Generator> {
  const from = caseFolder(name, folder);
  const { architectures } = JSON.parse(readFileSync(path.join(from, 'config.json'), 'utf8')) as { architectures: [string] };
  const { model, tensors } = await loadTextModel(from, { head: headOf(architectures[0]), seed: 0 });
  const tokenizer = await TextTokenizer.open(path.resolve(__dirname, '../../fixtures/text/bytelevel'));
  return new Generator(await engine(), { model, tensors: livened(tensors) }, tokenizer, { ends: new Set(ends), prefix });
}

/** All that is given, and what is returned. */
export async function all<T, R>(writing: AsyncGenerator<T, R>): Promise<{ pieces: T[]; result: R }> {
  const pieces: T[] = [];
  for (;;) {
    const { value, done } = await writing.next();
    if (done) return { pieces, result: value };
    pieces.push(value);
  }
}

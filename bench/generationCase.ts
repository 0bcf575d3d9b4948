import { Generator } from '../src/core/generation';
import { buildTextModel } from '../src/core/models/text';
import { initialTensors } from '../src/core/nn';
import { TextTokenizer } from '../src/core/text';
import type { Case } from './case';

/** GPT-2's shape with 6 layers: 82 million parameters, of which half are words. */
const gpt2 = { model_type: 'gpt2', n_layer: 6 };
const written = 64;

/** Tokens of a text that goes on from a prompt, the prompt's own time among theirs; ./peers/steps.py does the same. */
export const generationCase: Case = {
  measure: 'greedy generation, GPT-2 with 6 layers, 768 wide: a token of 64 after a prompt of 64',
  size: 64,
  batch: 1,
  goals: { pytorch: 0.67 },
  prepare: async (engine, { size }) => {
    const model = buildTextModel(gpt2, { head: 'causal-lm' });
    const tokenizer = numbers(model.classes);
    const generator = new Generator(engine, { model, tensors: initialTensors(model.root, 0) }, tokenizer, { ends: new Set() });
    const prompt = Array.from({ length: size }, (_, i) => 1000 + ((i * 7919) % 20_000));
    const step = async () => {
      const writing = generator.write(prompt, { maxNewTokens: written });
      while (!(await writing.next()).done);
    };
    return { step, batches: written };
  },
};

/** A token is its number. */
function numbers(count: number): TextTokenizer {
  const vocab = Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, i]));
  const model = { type: 'WordLevel', vocab, unk_token: '0' };
  const tokenizer = {
    model,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: null,
    decoder: null,
  };
  return new TextTokenizer({ tokenizer, config: {}, names: [] }, 'numbers');
}

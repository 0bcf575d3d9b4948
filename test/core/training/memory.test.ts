import { describe, expect, it } from 'vitest';
import { setDropout } from '../../../src/core/models';
import { buildTextModel, type TextHead, type TextModel } from '../../../src/core/models/text';
import { VisionTransformer } from '../../../src/core/models/visionTransformer';
import type { Module, Shape } from '../../../src/core/nn';
import { rooted } from '../../../src/core/nn';
import { readsTexts } from '../../../src/core/training/examples/texts';
import { memoryOf } from '../../../src/core/training/memory';
import { select } from '../../../src/core/training/selection';

const [layers, batchSize] = [2, 4];
const families: Record<string, { head: TextHead; config: (heads: number) => Record<string, unknown>; attentions: number }> = {
  bert: {
    head: 'sequence-classification',
    config: (heads) => ({ hidden_size: 32, num_hidden_layers: layers, num_attention_heads: heads, intermediate_size: 64 }),
    attentions: layers - 1, // the last looks from one place alone
  },
  gpt2: { head: 'causal-lm', config: (heads) => ({ n_embd: 32, n_layer: layers, n_head: heads }), attentions: layers },
  llama: {
    head: 'causal-lm',
    config: (heads) => ({ hidden_size: 32, num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: 2, head_dim: 8 }),
    attentions: layers,
  },
  t5: {
    head: 'text-to-text',
    config: (heads) => ({ d_model: 32, d_kv: 64 / heads, d_ff: 64, num_layers: layers, num_heads: heads }),
    attentions: 3 * layers, // also of what is written to itself and to what was read
  },
};

function modelOf(family: string, heads = 2): TextModel {
  const { head, config } = families[family] as (typeof families)[string];
  return buildTextModel({ model_type: family, vocab_size: 50, ...config(heads) }, { head });
}

function memory(model: TextModel, lengths: readonly number[], rules = ['**']): number {
  return memoryOf({
    ...{ model, forms: lengths.map((length) => readsTexts(model, length)), slotsEach: 2, batchSize },
    selection: select(model, rules),
  });
}

/** Elements of all scores of an example. */
function scoresIn(module: Module, input: Shape): number {
  const own = module.scores(input)?.shape.reduce((a, b) => a * b, 1) ?? 0;
  const inputs = module.childInputs(input);
  return module.children.reduce((sum, [, child], i) => sum + scoresIn(child, inputs[i] as Shape), own);
}

function scoresOf(model: TextModel, length: number): number {
  let shape: Shape = [length];
  let sum = 0;
  for (const module of model.chain) {
    sum += scoresIn(module, shape);
    shape = module.outputShape(shape);
  }
  return sum;
}

describe.each(Object.keys(families))('the memory that %s takes', (family) => {
  const { attentions } = families[family] as (typeof families)[string];

  it('has scores for every attention of the network', () => {
    const few = scoresOf(modelOf(family), 32);
    expect(Math.floor(few / (2 * 32 * 32))).toBe(attentions);
    expect(scoresOf(modelOf(family, 4), 32)).toBe(2 * few);
  });

  it('grows with the square of the length by what is kept of scores, and by the rest as the length does', () => {
    const at = (length: number) => memory(modelOf(family), [length]);
    const bend = (length: number) => at(length) - 2 * at(length / 2) + at(0); // what grows in proportion falls away
    expect(bend(256)).toBeGreaterThan(4 * batchSize * (scoresOf(modelOf(family), 256) / 2));
    expect(bend(512) / bend(256)).toBeGreaterThan(3.9);
    expect(bend(512) / bend(256)).toBeLessThan(4.1);
  });

  it('is more where attention drops something', () => {
    const [plain, noisy] = [modelOf(family), modelOf(family)];
    setDropout(plain, 0);
    setDropout(noisy, 0.1);
    expect(memory(noisy, [256])).toBeGreaterThan(memory(plain, [256]));
  });

  it('is less behind a frozen front, and more with further lengths', () => {
    const model = modelOf(family);
    const scores = 4 * batchSize * 2 * 256 * 256;
    expect(memory(model, [256]) - memory(model, [256], [`${model.blocks.at(-1)}.**`])).toBeGreaterThan(scores);
    expect(memory(model, [64, 128, 256])).toBeGreaterThan(memory(model, [256]));
  });
});

it('a network of pictures has scores among all its patches', () => {
  const vit = new VisionTransformer({
    ...{ size: 32, patch: 8, grid: 4, features: 32, hidden: 64, heads: 2, depth: 3, classes: 5 },
    ...{ distilled: false, registers: 0 },
  } as ConstructorParameters<typeof VisionTransformer>[0]);
  rooted(vit);
  const [block] = vit.blocks;
  expect(block?.scores([17, 32])?.shape).toEqual([2, 17, 17]);
});

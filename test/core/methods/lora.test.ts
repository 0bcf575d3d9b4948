import { expect, it } from 'vitest';
import { createEngine, type TensorData } from '../../../src/core/engine';
import { loraRules } from '../../../src/core/methods/lora';
import { addLora } from '../../../src/core/models/lora';
import { buildTextModel, type TextModel } from '../../../src/core/models/text';
import { initialTensors } from '../../../src/core/nn';
import { digestsOf } from '../../../src/core/training/frozen';
import { select } from '../../../src/core/training/selection';
import { Slots, slotKinds } from '../../../src/core/training/slots';
import { Stage } from '../../../src/core/training/stage';

const config = {
  model_type: 'bert',
  vocab_size: 40,
  hidden_size: 16,
  num_hidden_layers: 3,
  num_attention_heads: 2,
  intermediate_size: 24,
  max_position_embeddings: 12,
};
const build = (): TextModel => buildTextModel(config, { head: 'sequence-classification', classes: 3 });
const optimizer = { name: 'adamw', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 } as const;
const [batchSize, length] = [4, 6];
const batch = {
  x: Int32Array.from({ length: batchSize * length }, (_, i) => (i * 7) % 40),
  beside: {
    mask: Int32Array.from({ length: batchSize * length }, (_, i) => (i % length < 2 + Math.floor(i / length) ? 1 : 0)),
    types: Int32Array.from({ length: batchSize * length }, (_, i) => (i % length > 2 ? 1 : 0)),
  },
  labels: Int32Array.of(0, 1, 2, 1),
  weights: new Float32Array(batchSize).fill(1 / batchSize),
  learningRate: 1e-2,
};
const targets = ['**.query', '**.value'];

async function stageOf(model: TextModel, rules: string[]) {
  const fed = { dtype: 'int32', shape: [length] } as const;
  const tensors: Map<string, TensorData> = initialTensors(model.root, 3);
  const slots = new Slots(slotKinds(optimizer));
  const stage = await Stage.compile({
    engine: await createEngine('onnx', { threads: 1 }),
    model,
    forms: [{ x: fed, beside: { mask: fed, types: fed }, labels: [] }],
    selection: select(model, rules),
    batchSize,
    config: { optimizer, labelSmoothing: 0 },
    tensors,
    slots,
  });
  const logits = async () => {
    await stage.loadAnswerFromTraining();
    return stage.logits({ ...batch, x: await stage.features(batch) });
  };
  const train = async () => stage.train({ ...batch, x: await stage.features(batch) });
  return { stage, tensors, slots, logits, train };
}

it('gives at first what the model gave, to the byte', async () => {
  const base = await stageOf(build(), ['classifier.**']);
  const adapted = build();
  expect(addLora(adapted, { rank: 2, alpha: 4, targets })).toEqual(
    [0, 1, 2].flatMap((i) => ['query', 'value'].map((name) => `bert.encoder.layer.${i}.attention.self.${name}`)),
  );
  const lora = await stageOf(adapted, loraRules(adapted));
  expect(await lora.logits()).toEqual(await base.logits());
});

it('learns in its adapters and the head, and nowhere else', async () => {
  const model = build();
  addLora(model, { rank: 2, alpha: 4, rslora: true, targets });
  const { stage, tensors, slots, logits, train } = await stageOf(model, loraRules(model));
  const before = digestsOf(tensors);
  const first = await logits();
  const losses: number[] = [];
  for (let i = 0; i < 80; i++) losses.push((await train()).loss);
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  expect(await logits()).not.toEqual(first);
  stage.save(tensors, slots);
  const after = digestsOf(tensors);
  const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
  expect(changed.filter((name) => !/lora_[AB]|^classifier/.test(name))).toEqual([]);
  expect(changed).toEqual([...stage.selection.learning]);
});

it('refuses targets that name no linear layer', () => {
  expect(() => addLora(build(), { rank: 2, alpha: 4, targets: ['**.LayerNorm'] })).toThrow(/No linear layer/);
});

it('learns in all layers, masked positions left out of everything', async () => {
  const { logits, train } = await stageOf(build(), ['**']);
  const losses: number[] = [];
  for (let i = 0; i < 20; i++) losses.push((await train()).loss);
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
  const seen = await logits();
  const { x, beside } = batch;
  const other = x.map((id, i) => (beside.mask[i] ? id : (id + 11) % 40));
  const { stage } = await stageOf(build(), ['**']);
  await stage.loadAnswerFromTraining();
  expect(await stage.logits({ x: other, beside })).toEqual(await stage.logits({ x, beside }));
  expect(seen.every(Number.isFinite)).toBe(true);
});

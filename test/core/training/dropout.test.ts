import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Engine, TensorData } from '../../../src/core/engine';
import { loraRules } from '../../../src/core/methods/lora';
import { addLora, setDropout } from '../../../src/core/models';
import { buildTextModel, type TextModel } from '../../../src/core/models/text';
import { initialTensors } from '../../../src/core/nn';
import { select } from '../../../src/core/training/selection';
import { Slots, slotKinds } from '../../../src/core/training/slots';
import { Stage } from '../../../src/core/training/stage';
import { optimizerSchema } from '../../../src/protocol/runConfig';
import { engine, peer } from '../engine/helpers';
import { headOf } from '../models/families';
import { caseFolder } from '../models/family';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-dropout-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [batchSize, length] = [4, 7];
const ids = Int32Array.from({ length: batchSize * length }, (_, i) => 3 + ((i * 11) % 37));
const ones = new Int32Array(batchSize * length).fill(1);
const optimizer = optimizerSchema.parse({ name: 'sgd', momentum: 0, weightDecay: 0 });

/** A small network of the family, everything of it dropped at this rate. */
function network(name: string, rate: number): TextModel {
  const config = JSON.parse(readFileSync(path.join(caseFolder(name, folder), 'config.json'), 'utf8'));
  const model = buildTextModel(config, { head: headOf(config.architectures[0]) });
  setDropout(model, rate);
  return model;
}

interface Given {
  readonly rules?: readonly string[];
  readonly on?: Pick<Engine, 'compile'>;
  readonly tensors?: Map<string, TensorData>;
}

async function stageOf(model: TextModel, { rules = ['**'], on, tensors = new Map(initialTensors(model.root, 3)) }: Given = {}) {
  const fed = { dtype: 'int32', shape: [length] } as const;
  const beside = Object.fromEntries(model.input.beside.map((name) => [name, fed]));
  const isClassifier = model.kind === 'sequence-classification';
  const slots = new Slots(slotKinds(optimizer));
  const stage = await Stage.compile({
    ...{ engine: (on ?? (await engine())) as Engine, model, tensors, slots, batchSize },
    forms: [{ x: fed, beside, labels: isClassifier ? [] : [length] }],
    selection: select(model, [...rules]),
    config: { optimizer, labelSmoothing: 0, seed: 5 },
  });
  const given = Object.fromEntries(model.input.beside.map((name) => [name, name === 'types' ? new Int32Array(ids.length) : ones]));
  const labels = Int32Array.from({ length: isClassifier ? batchSize : ids.length }, (_, i) => i % 3);
  const weights = new Float32Array(labels.length).fill(1 / labels.length);
  return {
    stage,
    /** The loss before the update. */
    train: async (step: number, learningRate = 0) => {
      const x = await stage.features({ x: ids, beside: given });
      return (await stage.train({ x, beside: given, labels, weights, step, learningRate })).loss;
    },
    /** What it answers, as far as it learned. */
    answer: async () => {
      await stage.loadAnswerFromTraining();
      const x = await stage.features({ x: ids, beside: given });
      return isClassifier ? stage.logits({ x, beside: given }) : (await stage.tokens({ x, beside: given, labels })).losses;
    },
    saved: () => {
      stage.save(tensors, slots);
      return tensors;
    },
  };
}

const families = ['bert', 'distilbert', 'roberta', 'gpt2', 'llama', 't5'];

test.each(families)('%s draws anew in each step, by seed and step alone, and nothing drops in its answers', async (name) => {
  const [dropping, plain] = [await stageOf(network(name, 0.3)), await stageOf(network(name, 0))];
  const losses = [await dropping.train(0), await dropping.train(1), await dropping.train(0)];
  expect(losses[1]).not.toBe(losses[0]);
  expect(losses[2]).toBe(losses[0]);
  expect(await plain.train(0)).toBe(await plain.train(1));
  expect(await dropping.answer()).toEqual(await plain.answer());
  const resumed = await stageOf(network(name, 0.3), { tensors: dropping.saved() });
  expect(await resumed.train(1)).toBe(losses[1]);
});

test.each(families)('%s drops the same on the other engine', async (name) => {
  const [ours, theirs] = [await stageOf(network(name, 0.3)), await stageOf(network(name, 0.3), { on: await peer() })];
  for (const step of [0, 1]) expect(Math.abs((await ours.train(step)) - (await theirs.train(step)))).toBeLessThan(1e-4);
});

test('the loss of many steps is about what it is without dropout: what is kept grows by as much as is dropped', async () => {
  const [dropping, plain] = [await stageOf(network('bert', 0.1)), await stageOf(network('bert', 0))];
  const losses: number[] = [];
  for (let step = 0; step < 200; step++) losses.push(await dropping.train(step));
  const mean = losses.reduce((a, b) => a + b, 0) / losses.length;
  const deviation = Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / losses.length);
  expect(deviation).toBeGreaterThan(0);
  expect(Math.abs(mean - (await plain.train(0)))).toBeLessThan(deviation);
});

test('the gradient is that of the loss with what dropped: finite differences of single weights', async () => {
  for (const name of families) {
    const model = network(name, 0.3);
    const before = new Map([...initialTensors(model.root, 3)].map(([key, { shape, data }]) => [key, louder(shape, data)]));
    const learning = await stageOf(model, { tensors: new Map(before) });
    await learning.train(4, 1);
    const after = new Map(learning.saved()); // p − 1 · gradient
    const largest = [...before].map(([key, { data }]) => steepest(key, data, (after.get(key) as TensorData).data));
    for (const { key, at, slope } of largest.sort((a, b) => b.slope - a.slope).slice(0, 2)) {
      const loss = async (by: number) => {
        const { shape, data } = before.get(key) as TensorData;
        const moved = Float32Array.from(data, (v, i) => (i === at ? v + by : v));
        const { train } = await stageOf(model, { tensors: new Map([...before, [key, { dtype: 'float32', shape, data: moved }]]) });
        return train(4);
      };
      const difference = ((await loss(0.01)) - (await loss(-0.01))) / 0.02;
      expect(Math.abs(Math.abs(difference) - slope), `${name} ${key}`).toBeLessThan(0.03 * slope + 1e-3);
    }
  }
});

/** Fresh weights are so small that differences of losses would drown in rounding. */
function louder(shape: readonly number[], data: TensorData['data']): TensorData {
  return { dtype: 'float32', shape, data: Float32Array.from(data, (v) => (shape.length > 1 ? 10 * v : v)) };
}

function steepest(key: string, before: TensorData['data'], after: TensorData['data']): { key: string; at: number; slope: number } {
  let [at, slope] = [0, 0];
  for (const [i, v] of before.entries()) {
    const size = Math.abs(v - (after[i] as number));
    if (size > slope) [at, slope] = [i, size];
  }
  return { key, at, slope };
}

test('adapters learn behind the dropout of frozen embeddings, which are computed once', async () => {
  const cutOf = (rate: number) => {
    const model = network('bert', rate);
    addLora(model, { rank: 2, alpha: 4, targets: [] });
    return model.chain.slice(0, select(model, loraRules(model)).cut).map(({ path }) => path);
  };
  expect(cutOf(0.1)).toEqual(['bert.embeddings']);
  expect(cutOf(0)).toEqual(['bert.embeddings', 'bert.embeddings.dropout']);

  const model = network('bert', 0);
  addLora(model, { rank: 2, alpha: 4, targets: [] });
  const base = await (await stageOf(network('bert', 0))).answer();
  setDropout(model, 0.3);
  const adapted = await stageOf(model, { rules: loraRules(model) });
  expect(await adapted.answer()).toEqual(base); // B is zero, and nothing drops in answers
  expect(await adapted.train(0)).not.toBe(await adapted.train(1));
});

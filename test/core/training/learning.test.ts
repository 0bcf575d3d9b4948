import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Engine } from '../../../src/core/engine';
import { setDropout } from '../../../src/core/models';
import type { TextHead } from '../../../src/core/models/text';
import type { Sequence, Sequences } from '../../../src/core/training/examples/sequences';
import { TextExamples } from '../../../src/core/training/examples/texts';
import { select } from '../../../src/core/training/selection';
import { Slots, slotKinds } from '../../../src/core/training/slots';
import { Stage } from '../../../src/core/training/stage';
import { loadTextModel } from '../../../src/core/weights';
import type { OptimizerConfig } from '../../../src/protocol/runConfig';
import { engine } from '../engine/helpers';
import { caseFolder } from '../models/family';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-learning-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Fixture {
  readonly learningRate: number;
  readonly runs: {
    readonly gpt2: { readonly batches: number[][][]; readonly losses: number[] };
    readonly t5: { readonly batches: [number[], number[]][][]; readonly losses: number[] };
  };
}
const { learningRate, runs } = JSON.parse(readFileSync(path.join(__dirname, '../../fixtures/learning.json'), 'utf8')) as Fixture;
const optimizer: OptimizerConfig = { name: 'adamw', weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

function sequencesOf(all: readonly Sequence[]): Sequences {
  return {
    count: all.length,
    lengths: Uint32Array.from(all, ({ ids, target }) => Math.max(ids.length, target?.length ?? 0)),
    members: () => all.map((_, i) => i),
    labelOf: () => -1,
    nameOf: String,
    read: async (i) => all[i] as Sequence,
    close: async () => {},
  };
}

/** Losses before each step, the batches in turn; nothing drops, as chance is another there. */
async function learned(name: 'gpt2' | 't5', head: TextHead, batches: readonly (readonly Sequence[])[], steps: number): Promise<number[]> {
  const { model, tensors } = await loadTextModel(caseFolder(name, folder), { head, seed: 0 });
  setDropout(model, 0);
  const batchSize = batches[0]?.length as number;
  const sequences = sequencesOf(batches.flat());
  const spec = { summary: null as never, classes: [], formBytes: 1, padding: 0, maxLength: 16, batchSize };
  const examples = new TextExamples({ ...spec, sequences, model });
  const slots = new Slots(slotKinds(optimizer));
  const selection = select(model, ['**']);
  const config = { optimizer, labelSmoothing: 0, seed: 0, gradientClipping: 0, gradientAccumulation: 1 };
  const { forms } = examples;
  const stage = await Stage.compile({ engine: (await engine()) as Engine, model, forms, selection, batchSize, config, tensors, slots });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const first = (step % batches.length) * batchSize;
    const form = forms.length - 1;
    const chunk = { examples: Array.from({ length: batchSize }, (_, i) => first + i), real: batchSize, form };
    const given = await examples.read(chunk);
    const counted = given.counts.reduce((a, b) => a + b, 0);
    const { loss } = await stage.train({ ...given, form, weights: given.counts.map((count) => count / counted), learningRate, step });
    losses.push(loss);
  }
  await stage.dispose();
  return losses;
}

function checkLosses(losses: readonly number[], expected: readonly number[]): void {
  for (const [i, loss] of losses.entries()) expect(Math.abs(loss - (expected[i] as number)), `step ${i}`).toBeLessThan(1e-2);
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) * 0.85);
}

test('a language model learns to go on with a pattern as in PyTorch, 50 steps long', async () => {
  const { batches, losses } = runs.gpt2;
  const given = batches.map((rows) => rows.map((ids) => ({ ids })));
  checkLosses(await learned('gpt2', 'causal-lm', given, losses.length), losses);
});

test('an encoder and decoder learns to write backwards as in PyTorch, 50 steps long', async () => {
  const { batches, losses } = runs.t5;
  const given = batches.map((rows) => rows.map(([ids, target]) => ({ ids, target })));
  checkLosses(await learned('t5', 'text-to-text', given, losses.length), losses);
});

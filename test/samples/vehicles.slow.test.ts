import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decodePicture, openDataset } from '../../src/core/data';
import { presetRules } from '../../src/core/methods';
import { beginRun, evaluateRun } from '../../src/core/training';
import { describeModel, modelsFolder } from '../../src/core/weights';
import { runConfigSchema } from '../../src/protocol/runConfig';

const data = path.resolve('samples/vehicles');
const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-samples-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Half of the pictures are never trained on, so that the figure rests on 80 of them. */
const splits = { validationSplit: 0.1, testSplit: 0.5 };
const id = 'efficientnet_lite0';

describe('samples/vehicles shows why transfer helps', () => {
  it('a linear classifier on raw pixels stays under 0.85', async () => {
    const { examples } = await openDataset(data, splits);
    const target = { size: 64, crop: 1, interpolation: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
    const rows = await Promise.all(
      examples.map(async ({ path: name, label, split }) => ({
        pixels: await decodePicture(path.join(data, name), target, null),
        label,
        isTest: split === 'test',
      })),
    );
    const train = rows.filter((row) => !row.isTest);
    const test = rows.filter((row) => row.isTest);
    expect(accuracy(logisticRegression(train), train)).toBeGreaterThan(0.9); // it did learn what it could
    expect(accuracy(logisticRegression(train), test)).toBeLessThan(0.85);
  });

  it.skipIf(!existsSync(path.join(modelsFolder(), id)))('a head on frozen features reaches 0.95', async () => {
    const { model } = await describeModel(id, { classes: 2, modelsFolder: modelsFolder() });
    const config = runConfigSchema.parse({
      data: { path: data, ...splits },
      model: id,
      phases: [{ epochs: 10, learningRate: 3e-3, rules: presetRules(model, 'head') }],
    });
    const run = path.join(folder, 'run');
    const handle = await beginRun(config, { folder: run, modelsFolder: modelsFolder(), onEvent: () => {} });
    expect((await handle.done).type).toBe('finished');
    const { accuracy } = await evaluateRun(run, { split: 'test', modelsFolder: modelsFolder() });
    expect(accuracy).toBeGreaterThanOrEqual(0.95);
  });
});

interface Row {
  pixels: Float32Array;
  label: number;
}

/** Two classes, weight decay, full-batch gradient descent. Returns a score whose sign is the class. */
function logisticRegression(rows: Row[]): (pixels: Float32Array) => number {
  const weights = new Float64Array(rows[0]!.pixels.length);
  let bias = 0;
  const score = (pixels: Float32Array): number => pixels.reduce((sum, x, i) => sum + x * weights[i]!, bias);
  for (let step = 0; step < 300; step++) {
    const errors = rows.map(({ pixels, label }) => 1 / (1 + Math.exp(-score(pixels))) - label);
    const rate = 0.002;
    for (let i = 0; i < weights.length; i++) weights[i]! *= 1 - rate * 0.1;
    rows.forEach(({ pixels }, r) => {
      const step = (rate * errors[r]!) / rows.length;
      for (let i = 0; i < weights.length; i++) weights[i]! -= step * pixels[i]!;
      bias -= step;
    });
  }
  return score;
}

function accuracy(score: (pixels: Float32Array) => number, rows: Row[]): number {
  return rows.filter(({ pixels, label }) => score(pixels) > 0 === (label === 1)).length / rows.length;
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readRun } from '../../../src/core/runs';
import { linesOf } from '../../../src/core/runs/predictions';
import { RunFolder } from '../../../src/core/runs/runFolder';
import { runFiles } from '../../../src/protocol/paths';
import type { Prediction } from '../../../src/protocol/report';
import { sampleRecord, temporaryFolder } from './sample';

const predictions = (count: number): Prediction[] =>
  Array.from({ length: count }, (_, i) => {
    const predicted = i % 10 === 0 ? 'b' : 'a';
    return { path: `texts.csv:${i}`, split: 'test', label: 'a', predicted, probability: 0.75 };
  });

async function readBack(all: readonly Prediction[]): Promise<Prediction[]> {
  const path = join(temporaryFolder(), 'run');
  const folder = await RunFolder.create(path, sampleRecord);
  writeFileSync(join(path, runFiles.predictions), [...linesOf(all)].join(''));
  folder.close();
  return (await readRun(path)).predictions;
}

test('predictions are read as they were written', async () => {
  for (const count of [0, 1, 999, 1000, 1001, 20_000]) expect(await readBack(predictions(count))).toEqual(predictions(count));
});

test('of very many, the first are at hand and then what went wrong', async () => {
  const all = predictions(90_000);
  const read = await readBack(all);
  expect(read.slice(0, 20_000)).toEqual(all.slice(0, 20_000));
  expect(read.slice(20_000)).toEqual(all.slice(20_000).filter(({ label, predicted }) => label !== predicted));
  expect(await readBack(all.map((prediction) => ({ ...prediction, predicted: 'b' })))).toHaveLength(40_000);
});

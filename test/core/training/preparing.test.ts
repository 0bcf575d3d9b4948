import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRunConfig } from '../../../src/core/runs';
import { beginRun } from '../../../src/core/training';
import type { RunConfigInput } from '../../../src/protocol/runConfig';
import type { Prepared } from '../../../src/protocol/trainer';
import { newFolder } from './harness';
import { lines, sentences, tinyModel } from './tinyTexts';

const texts = sentences(30_000).map(({ text, label }, i) => ({ text: `${text} ${i}`, label }));
const plain = () =>
  lines(
    newFolder(),
    'tales.txt',
    texts.map(({ text }) => text),
  );
const table = () => lines(newFolder(), 'a.tsv', ['text\tlabel', ...texts.map(({ text, label }) => `${text}\t${label}`)]);

test.each([
  ['plain text', 'causal-lm', 'gpt2', plain],
  ['a table', 'text-classification', 'bert', table],
] as const)('while %s is cut into tokens it is told how far that is, and can be ended; no run is left', async (_, task, family, write) => {
  const home = newFolder();
  const config = (path: string): RunConfigInput => ({
    data: { path, task, validationSplit: 0.1, testSplit: 0.1 },
    phases: [{ epochs: 1, learningRate: 0.01, rules: ['**'] }],
  });
  const model = await tinyModel(join(home, 'model'), family);
  const ending = new AbortController();
  const told: Prepared[] = [];
  const onPrepared = (prepared: Prepared) => {
    told.push(prepared);
    if (prepared.total !== null && told.filter(({ total }) => total !== null).length === 2) ending.abort();
  };
  const folder = join(home, 'run');
  const begun = beginRun(parseRunConfig({ ...config(write()), model }), {
    ...{ folder, modelsFolder: '', onEvent: () => expect.unreachable() },
    ...{ signal: ending.signal, onPrepared },
  });
  await expect(begun).rejects.toMatchObject({ failure: { code: 'interrupted' } });
  expect(existsSync(folder)).toBe(false);
  const cutting = told.filter(({ total }) => total !== null);
  expect(cutting.length).toBe(2);
  expect(told[0]?.total).toBeNull();
  expect(cutting[0]?.total).toBe(30_000);
  expect(cutting[1]?.done).toBeGreaterThan(cutting[0]?.done as number);
});

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRunConfig } from '../../../src/core/runs';
import { finished, newFolder, of } from './harness';
import { lines, tinyModel, vocabulary } from './tinyTexts';

const longest = 256;
const batchSize = 16;
const heads = 16;

test('a run that meets ever more lengths of text takes no more memory than the longest', async () => {
  const home = newFolder();
  const config = { n_embd: 32, n_head: heads, n_positions: longest };
  const model = await tinyModel(join(home, 'model'), 'gpt2', { maxLength: longest, config });
  const words = vocabulary.slice(4);
  const textOf = (length: number, seed: number) => Array.from({ length }, (_, i) => words[(i * i + seed) % words.length]).join(' ');
  const texts = Array.from({ length: 320 }, (_, i) => textOf(longest - 1 - 48 * (i % 4), i));
  const { events } = await finished(
    parseRunConfig({
      data: { path: lines(home, 'tales.csv', ['text', ...texts]), task: 'causal-lm', validationSplit: 0.1, testSplit: 0 },
      model,
      phases: [{ epochs: 2, learningRate: 0.001, rules: ['**'] }],
      batchSize,
      augmentation: 'none',
      labelSmoothing: 0,
      dropout: 0,
      seed: 1,
      threads: 2,
    }),
  );
  const memory = of(events, 'step').map(({ memoryBytes }) => memoryBytes);
  const [first, last] = [Math.max(...memory.slice(0, 3)), Math.max(...memory.slice(-3))];
  const scores = 4 * batchSize * heads * longest ** 2; // bytes of one layer
  console.log(memory.map((bytes) => Math.round(bytes / 2 ** 20)).join(' '), 'MB;', Math.round(scores / 2 ** 20), 'MB of scores a layer');
  expect(memory.length).toBeGreaterThan(20);
  expect(last - first).toBeLessThan(2 * scores);
}, 600_000);

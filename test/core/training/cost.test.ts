import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type OpenTextOptions, openTextDataset } from '../../../src/core/data/text';
import { TextTokenizer } from '../../../src/core/text';
import { estimateCost } from '../../../src/core/training';
import type { Cost } from '../../../src/protocol/assistant';
import type { RunConfigInput } from '../../../src/protocol/runConfig';
import { configFor, newFolder } from './harness';
import { lines, sentences, tinyModel } from './tinyTexts';

const places = { examples: 200, classes: 2, modelsFolder: '/nowhere' };

test('a run costs more with more epochs or more learning layers, and a known probe is not made again', async () => {
  const phase = { learningRate: 0.01, rules: ['classifier.**'] };
  const head = (epochs: number) => configFor('/data', { phases: [{ ...phase, epochs }], augmentation: 'none', imageSize: 96 });
  const ten = await estimateCost(head(10), places);
  const began = performance.now();
  const thousand = await estimateCost(head(1000), places);
  expect(performance.now() - began).toBeLessThan(500);
  const all = await estimateCost(configFor('/data', { phases: [{ ...phase, rules: ['**'], epochs: 10 }], imageSize: 96 }), places);

  expect(ten.totalSeconds).toBeGreaterThan(0);
  expect(ten.memoryBytes).toBeGreaterThan(2 ** 20);
  expect(thousand.totalSeconds).toBeGreaterThan(ten.totalSeconds);
  // Features are computed in the first epoch alone: later ones are nearly free.
  expect(thousand.secondsPerEpoch).toBeLessThan(ten.secondsPerEpoch);
  expect(all.totalSeconds).toBeGreaterThan(ten.totalSeconds);
  expect(all.secondsPerEpoch * 10).toBeCloseTo(all.totalSeconds);
});

describe('of texts', () => {
  const home = newFolder();
  const model = join(home, 'bert');
  beforeAll(() => tinyModel(model, 'bert', { maxLength: 128, config: { max_position_embeddings: 128, num_attention_heads: 4 } }));

  const table = (name: string, words: number) =>
    lines(home, name, ['text\tlabel', ...sentences(80).map(({ label }, i) => `${'the cat runs '.repeat(words / 3)}${i}\t${label}`)]);
  async function costOf(path: string, more: Partial<RunConfigInput> = {}): Promise<Cost> {
    const config = configFor(path, { data: { path, task: 'text-classification' }, model, augmentation: 'none', ...more });
    const dataset = await openTextDataset(path, config.data as OpenTextOptions);
    const texts = { dataset, tokenizer: await TextTokenizer.open(model) };
    const cost = await estimateCost(config, { ...places, examples: 4000, texts });
    await dataset.close();
    return cost;
  }

  test('a run costs more with longer texts, and more again where they are split', async () => {
    const [short, long] = [table('short.tsv', 6), table('long.tsv', 240)];
    const [few, many] = [await costOf(short), await costOf(long)];
    expect(many.totalSeconds).toBeGreaterThan(2 * few.totalSeconds);
    expect(many.memoryBytes).toBeGreaterThan(few.memoryBytes);
    const windows = await costOf(long, { longTexts: 'windows' });
    expect(windows.totalSeconds).toBeGreaterThan(1.5 * many.totalSeconds);
    expect(windows.memoryBytes).toBeLessThan(1.2 * many.memoryBytes);
    const cut = await costOf(long, { maxLength: 32 });
    expect(cut.memoryBytes).toBeLessThan(many.memoryBytes);
  });

  test('where nothing is known of them, there must be memory for the longest that may come', async () => {
    const config = (maxLength: number) =>
      configFor('/data', { data: { path: '/data', task: 'text-classification' }, model, augmentation: 'none', maxLength });
    const [short, long] = [await estimateCost(config(16), places), await estimateCost(config(128), places)];
    expect(long.memoryBytes).toBeGreaterThan(short.memoryBytes);
  });
});

import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type OpenTextOptions, openTextDataset } from '../../../src/core/data/text';
import { TextTokenizer } from '../../../src/core/text';
import { estimateCost } from '../../../src/core/training';
import type { Probe, Probed } from '../../../src/core/training/probe';
import type { Cost } from '../../../src/protocol/assistant';
import type { RunConfigInput } from '../../../src/protocol/runConfig';
import { configFor, newFolder } from './harness';
import { lines, sentences, tinyModel } from './tinyTexts';

// What is timed hangs on what else the machine does. Here a token of a step takes a second, and nothing else takes any time.
vi.mock('../../../src/core/training/probe', () => ({
  probeOf: async (_config: unknown, _phase: unknown, { reads, batchSize }: Probed): Promise<Probe> => ({
    ...{ hasFront: false, compiling: 0, front: 0, answer: 0, featureBytes: 4 },
    step: batchSize * (reads.x.shape[0] as number),
  }),
}));

const home = newFolder();
const model = join(home, 'bert');
const maximum = 128;
const places = { classes: 2, modelsFolder: '/nowhere' };
beforeAll(() => tinyModel(model, 'bert', { maxLength: maximum, config: { max_position_embeddings: maximum, num_attention_heads: 4 } }));

/** Texts of so many tokens, of which three are not words of `text`. */
function table(name: string, tokens: (i: number) => number, count = 80): string {
  const rows = sentences(count).map(
    ({ label }, i) =>
      `${Array(tokens(i) - 3)
        .fill('cat')
        .join(' ')} ${i}\t${label}`,
  );
  return lines(home, name, ['text\tlabel', ...rows]);
}

const told = { task: 'text-classification', validationSplit: 0, testSplit: 0 } as const;
const config = (path: string, more: Partial<RunConfigInput> = {}) =>
  configFor(path, {
    ...{ data: { path, ...told }, model, augmentation: 'none', batchSize: 10 },
    phases: [{ epochs: 2, learningRate: 0.01, rules: ['**'] }],
    ...more,
  });

async function costOf(path: string, more: Partial<RunConfigInput> = {}): Promise<Cost> {
  const dataset = await openTextDataset(path, told as OpenTextOptions);
  const texts = { dataset, tokenizer: await TextTokenizer.open(model) };
  const cost = await estimateCost(config(path, more), { ...places, examples: dataset.count, texts });
  await dataset.close();
  return cost;
}

describe('what a run on texts costs', () => {
  it('is by the tokens of all batches as they are filled up', async () => {
    const cost = await costOf(table('same.tsv', () => 24));
    expect(cost.secondsPerEpoch).toBeCloseTo(80 * 24);
    expect(cost.totalSeconds).toBeCloseTo(2 * 80 * 24);
    // Half of 400 texts have 16 tokens and half 64: each kind has batches of its own.
    const two = await costOf(table('two.tsv', (i) => (i % 2 === 0 ? 16 : 64), 400));
    expect(two.secondsPerEpoch).toBeCloseTo(200 * 16 + 200 * 64);
  });

  it('counts the windows of texts that are split, and what is left of those that are cut', async () => {
    const long = table('long.tsv', () => 300);
    const [cut, split, short] = [await costOf(long), await costOf(long, { longTexts: 'windows' }), await costOf(long, { maxLength: 32 })];
    expect(cut.secondsPerEpoch).toBeCloseTo(80 * maximum);
    expect(split.secondsPerEpoch).toBeGreaterThan(2.3 * cut.secondsPerEpoch);
    expect(short.secondsPerEpoch).toBeCloseTo(80 * 32);
    expect(short.memoryBytes).toBeLessThan(cut.memoryBytes);
  });

  it('takes memory for the longest text', async () => {
    const [short, long] = [await costOf(table('short.tsv', () => 16)), await costOf(table('one.tsv', (i) => (i === 7 ? 120 : 16)))];
    expect(long.memoryBytes).toBeGreaterThan(short.memoryBytes + 4 * 10 * 4 * 120 * 120);
  });

  it('has memory for the longest that may come where nothing is known of them', async () => {
    const cost = (maxLength: number) => estimateCost(config('/data', { maxLength }), { ...places, examples: 80 });
    expect((await cost(128)).memoryBytes).toBeGreaterThan((await cost(16)).memoryBytes);
  });
});

import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { openTextDataset } from '../../../src/core/data/text';
import { RandomStream } from '../../../src/core/random';
import { parseRunConfig, readRun } from '../../../src/core/runs';
import { TextTokenizer } from '../../../src/core/text';
import { evaluateRun, loadPredictor } from '../../../src/core/training';
import { windowsOf } from '../../../src/core/training/examples/ofWindows';
import { Gathering, shareOf, textsAmong, type Windows } from '../../../src/core/training/examples/windows';
import type { Split } from '../../../src/protocol/data';
import type { RunConfig, RunConfigInput } from '../../../src/protocol/runConfig';
import { begin, confusionOf, finished, newFolder, of, resume, weightsHash } from './harness';
import { lines, sentences, tinyModel } from './tinyTexts';

const home = newFolder();
const model = join(home, 'bert');
beforeAll(() => tinyModel(model, 'bert'));

const filler = ['the', 'a', 'red', 'blue', 'runs', 'sleeps', 'shines', 'flies', 'is', 'near', 'far', 'and', 'not', 'very'];
const animals = ['cat', 'dog', 'bird'];
const lights = ['sun', 'moon', 'star'];

/** Texts of words that say nothing, but for a few at the end, which say the label. */
function longTexts(count: number, words: (i: number) => number): { text: string; label: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const order = new RandomStream(5, 'words', i);
    const label = i % 2 === 0 ? 'animal' : 'light';
    const before = Array.from({ length: words(i) }, () => filler[order.integer(filler.length)]);
    const said = Array.from({ length: 5 }, () => (label === 'animal' ? animals : lights)[order.integer(3)]);
    return { text: [...before, ...said].join(' '), label };
  });
}

const table = (name: string, rows: readonly { text: string; label: string }[]) =>
  lines(home, name, ['text\tlabel', ...rows.map(({ text, label }) => `${text}\t${label}`)]);
const hidden = longTexts(120, (i) => 22 + ((i * 7) % 11));
const hiddenTable = table('hidden.tsv', hidden);

function configFor(path: string, more: Partial<RunConfigInput> = {}, data: Partial<RunConfigInput['data']> = {}): RunConfig {
  return parseRunConfig({
    data: { path, task: 'text-classification', validationSplit: 0.2, testSplit: 0.2, ...data },
    model,
    phases: [{ epochs: 6, learningRate: 0.005, rules: ['**'] }],
    batchSize: 4,
    augmentation: 'none',
    labelSmoothing: 0,
    maxLength: 24,
    longTexts: 'windows',
    seed: 3,
    threads: 1,
    ...more,
  });
}

const splits: readonly Split[] = ['train', 'validation', 'test'];

test('every token of a text is in one of its windows, which weigh as much as one text and are in one split', async () => {
  const tokenizer = await TextTokenizer.open(model);
  const some = fc.array(fc.array(fc.constantFrom(...filler), { minLength: 1, maxLength: 60 }), { minLength: 3, maxLength: 20 });
  let file = 0;
  await fc.assert(
    fc.asyncProperty(some, fc.integer({ min: 4, max: 32 }), async (texts, maxLength) => {
      const rows = texts.map((words, i) => ({ text: `${words.join(' ')} ${i}`, label: i % 2 === 0 ? 'a' : 'b' }));
      const path = table(`property-${file++}.tsv`, rows);
      const dataset = await openTextDataset(path, { task: 'text-classification', validationSplit: 0.3, testSplit: 0.3 });
      const { sequences } = await windowsOf(dataset, { tokenizer, maxLength });
      const found = new Map<string, { tokens: Set<string>; share: number; splits: Set<Split>; labels: Set<number> }>();
      for (const split of splits)
        for (const window of Array.from(sequences.members(split))) {
          const name = sequences.nameOf(window);
          const of = found.get(name) ?? { tokens: new Set(), share: 0, splits: new Set(), labels: new Set() };
          found.set(name, of);
          const { ids } = await sequences.read(window);
          expect(ids.length).toBe(sequences.lengths[window]);
          expect(ids.length).toBeLessThanOrEqual(maxLength);
          for (const id of Array.from(ids)) of.tokens.add(String(id));
          of.share += shareOf(sequences.windows, window);
          of.splits.add(split).size;
          of.labels.add(sequences.labelOf(window));
        }
      expect(found.size).toBe(dataset.count);
      for (let text = 0; text < dataset.count; text++) {
        const content = await dataset.read(text);
        const of = found.get(dataset.whereOf(text));
        expect(of?.share).toBeCloseTo(1, 9);
        expect([...(of?.splits ?? [])]).toEqual([dataset.splitOf(text)]);
        expect([...(of?.labels ?? [])]).toEqual([dataset.labelOf(text)]);
        const tokens = content.task === 'text-classification' ? tokenizer.ids(content.text) : [];
        expect(tokens.every((id) => of?.tokens.has(String(id)))).toBe(true);
      }
      await sequences.close();
    }),
    { numRuns: 20 },
  );
});

test('what is read of a pair is its windows, with the types of both texts', async () => {
  const tokenizer = await TextTokenizer.open(model);
  const pairs = longTexts(12, (i) => i * 5).map(({ text, label }, i) =>
    i % 2 === 0 ? `${text} ${'red '.repeat(i)}\tthe sun is near\t${label}` : `the moon is far\t${text}\t${label}`,
  );
  const path = lines(home, 'read.tsv', ['sentence1\tsentence2\tlabel', ...pairs]);
  const dataset = await openTextDataset(path, { task: 'text-pair-classification', validationSplit: 0, testSplit: 0 });
  const { sequences } = await windowsOf(dataset, { tokenizer, maxLength: 20 });
  expect(sequences.count).toBeGreaterThan(2 * dataset.count);
  let window = 0;
  for (let text = 0; text < dataset.count; text++) {
    const content = await dataset.read(text);
    if (content.task !== 'text-pair-classification') throw new Error(content.task);
    for (const { ids, types } of tokenizer.windows(content.text, { pair: content.secondText, maxLength: 20 })) {
      const read = await sequences.read(window++);
      expect([Array.from(read.ids), Array.from(read.types ?? [])]).toEqual([ids, types]);
    }
  }
  expect(window).toBe(sequences.count);
  await sequences.close();
});

test('whatever order windows come in, a text is there once, with all of them', () => {
  const order = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(order, fc.integer({ min: 0 }), (counts, seed) => {
      const starts = counts.map((_, text) => counts.slice(0, text).reduce((sum, n) => sum + n, 0));
      const texts = counts.flatMap((n, text) => Array.from({ length: n }, () => text));
      const windows: Windows = {
        firstOf: (i) => starts[texts[i] as number] as number,
        countOf: (i) => counts[texts[i] as number] as number,
      };
      const gathering = new Gathering<number>(windows);
      const whole = Array.from(new RandomStream(seed % 1000, 'order').permutation(texts.length)).flatMap(
        (window) => gathering.add(window, window) ?? [],
      );
      expect(whole.map(({ text }) => text).sort((a, b) => a - b)).toEqual(starts);
      for (const { text, all } of whole)
        expect([...all].sort((a, b) => a - b)).toEqual(texts.flatMap((of, i) => (starts[of] === text ? [i] : [])));
      expect(
        Array.from(
          textsAmong(
            windows,
            texts.map((_, i) => i),
          ),
        ),
      ).toEqual(starts);
    }),
  );
});

test('what stands at the end of long texts is learned from windows, and cannot be from texts that are cut', async () => {
  const [split, cut] = [await finished(configFor(hiddenTable)), await finished(configFor(hiddenTable, { longTexts: 'cut' }))];
  const report = of(split.events, 'finished')[0]?.report;
  if (!report) throw new Error(JSON.stringify(split.events.at(-1)));
  expect(report.test?.accuracy).toBeGreaterThan(0.95);
  expect(of(cut.events, 'finished')[0]?.report.test?.accuracy).toBeLessThan(0.8);

  // Texts are what is counted, however many windows they have.
  const [data] = of(split.events, 'data');
  expect(data?.problems.find(({ code }) => code === 'split')).toMatchObject({ severity: 'info', count: 120 });
  expect(of(cut.events, 'data')[0]?.problems.find(({ code }) => code === 'cut')).toMatchObject({ count: 120 });
  expect(
    confusionOf(report.test)
      .flat()
      .reduce((a, b) => a + b),
  ).toBe(24);
  expect(
    confusionOf(report.validation)
      .flat()
      .reduce((a, b) => a + b),
  ).toBe(24);
  const { predictions } = await readRun(split.folder);
  expect(new Set(predictions.map(({ path }) => path)).size).toBe(24);

  const again = await evaluateRun(split.folder, { split: 'test', modelsFolder: '' });
  expect(confusionOf(again)).toEqual(confusionOf(report.test));
  expect(again.loss).toBeCloseTo(report.test?.loss as number, 5);

  // A text's probabilities are the mean over its windows, also where a text is asked about by itself.
  for (const asked of [split.folder, join(split.folder, 'model')]) {
    const predictor = await loadPredictor(asked, { modelsFolder: '' });
    const sources = predictions.map(({ path }) => hidden[Number(path.split(':')[1]) - 2]?.text as string);
    const answers = await predictor.predict(sources.map((source) => ({ name: source, source })));
    await predictor.dispose();
    let loss = 0;
    for (const [i, { label, probabilities }] of answers.entries()) {
      expect(label).toBe(predictions[i]?.predicted);
      expect(probabilities[label]).toBeCloseTo(predictions[i]?.probability as number, 5);
      expect(Object.values(probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 6);
      loss -= Math.log(probabilities[predictions[i]?.label as string] as number) / answers.length;
    }
    expect(loss).toBeCloseTo(report.test?.loss as number, 5);
  }
});

test.each([
  ['every layer', { phases: [{ epochs: 3, learningRate: 0.01, rules: ['**'] }] }],
  [
    'a head on kept features, of weighted classes',
    { phases: [{ epochs: 4, learningRate: 0.01, rules: ['bert.pooler.**', 'classifier.**'] }], classWeights: 'balanced' },
  ],
  ['updates from several batches', { phases: [{ epochs: 2, learningRate: 0.01, rules: ['**'] }], gradientAccumulation: 3 }],
] satisfies [string, Partial<RunConfigInput>][])(
  'a run on windows that stops and goes on ends with the same bytes: %s',
  async (_, more) => {
    const config = configFor(
      table(
        'some.tsv',
        longTexts(40, (i) => (i * 11) % 40),
      ),
      more,
    );
    const whole = await finished(config);
    const stopped = await begin(config, { after: { 7: (handle) => handle.checkpointAndEnd() } });
    expect((await stopped.handle.done).type).toBe('paused');
    expect((await (await resume(stopped.folder)).handle.done).type).toBe('finished');
    expect(weightsHash(stopped.folder)).toBe(weightsHash(whole.folder));
    expect((await readRun(stopped.folder)).predictions).toEqual((await readRun(whole.folder)).predictions);
  },
);

test('where no text is long, both ways give the same bytes', async () => {
  const path = table('short.tsv', sentences(60));
  const about = (longTexts: 'cut' | 'windows') =>
    configFor(path, { longTexts, maxLength: 32, phases: [{ epochs: 2, learningRate: 0.01, rules: ['**'] }] });
  const [cut, split] = [await finished(about('cut')), await finished(about('windows'))];
  expect(weightsHash(split.folder)).toBe(weightsHash(cut.folder));
  expect((await readRun(split.folder)).predictions).toEqual((await readRun(cut.folder)).predictions);
  expect(of(split.events, 'epoch').map(({ train, validation }) => [train, validation])).toEqual(
    of(cut.events, 'epoch').map(({ train, validation }) => [train, validation]),
  );
});

test('of pairs the longer text is split, with the other beside each window', async () => {
  const pairs = hidden.map(({ text, label }, i) =>
    i % 3 === 0 ? `the ${i % 2 === 0 ? 'red' : 'blue'} one\t${text}\t${label}` : `${text}\tis near\t${label}`,
  );
  const path = lines(home, 'pairs.tsv', ['sentence1\tsentence2\tlabel', ...pairs]);
  const { events } = await finished(configFor(path, { maxLength: 32 }, { task: 'text-pair-classification' }));
  const report = of(events, 'finished')[0]?.report;
  if (!report) throw new Error(JSON.stringify(events.at(-1)));
  expect(report.test?.accuracy).toBeGreaterThan(0.9);
  expect(
    confusionOf(report.test)
      .flat()
      .reduce((a, b) => a + b),
  ).toBe(24);
});

test('what has no classes is not split', async () => {
  for (const task of ['causal-lm', 'chat', 'text-to-text', 'image-classification'] as const)
    await expect(begin(configFor(hiddenTable, {}, { task }))).rejects.toMatchObject({ failure: { code: 'config.invalid' } });
});

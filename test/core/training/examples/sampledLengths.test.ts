import { beforeAll, describe, expect, it } from 'vitest';
import { openTextDataset } from '../../../../src/core/data/text';
import { TextTokenizer } from '../../../../src/core/text';
import { blocksOfTexts } from '../../../../src/core/training/examples/blocks';
import { sequencesOf } from '../../../../src/core/training/examples/ofDataset';
import { windowsOf } from '../../../../src/core/training/examples/ofWindows';
import { sampledLengths } from '../../../../src/core/training/examples/sampledLengths';
import { newFolder } from '../harness';
import { lines, sentences, tinyModel } from '../tinyTexts';

const tokenizers: Partial<Record<'bert' | 'gpt2' | 't5', TextTokenizer>> = {};
beforeAll(async () => {
  for (const family of ['bert', 'gpt2', 't5'] as const) tokenizers[family] = await TextTokenizer.open(await tinyModel(newFolder(), family));
});

const texts = (count: number) => sentences(count).map(({ text, label }, i) => ({ text: `${text}${' far'.repeat((i * 5) % 31)}`, label }));
const table = (rows: readonly { text: string; label: string }[]) =>
  lines(newFolder(), 'rows.tsv', ['text\tlabel', ...rows.map(({ text, label }) => `${text}\t${label}`)]);
const sorted = (lengths: ArrayLike<number>) => Array.from(lengths).sort((a, b) => a - b);
const shares = { validationSplit: 0, testSplit: 0 };
const maxLength = 24;

describe('the lengths of a sample', () => {
  it('are those that a run finds, where all texts are looked at', async () => {
    const tokenizer = tokenizers.bert as TextTokenizer;
    const dataset = await openTextDataset(table(texts(150)), shares);
    const [cut, windows] = [await sequencesOf(dataset, { tokenizer, maxLength }), await windowsOf(dataset, { tokenizer, maxLength })];
    const found = await sampledLengths(dataset, { tokenizer, maxLength, longTexts: 'cut' });
    expect(sorted(found.lengths)).toEqual(sorted(cut.sequences.lengths));
    expect(found.perText).toBe(1);
    const split = await sampledLengths(dataset, { tokenizer, maxLength, longTexts: 'windows' });
    expect(sorted(split.lengths)).toEqual(sorted(windows.sequences.lengths));
    expect(split.perText * dataset.count).toBeCloseTo(windows.sequences.count);
    expect(split.perText).toBeGreaterThan(1.2);
    await dataset.close();
  });

  it('are of the longer side where one text is made into another', async () => {
    const tokenizer = tokenizers.t5 as TextTokenizer;
    const rows = texts(40).map(({ text }, i) => `${text}\tthe cat${' runs'.repeat((i * 7) % 40)}`);
    const dataset = await openTextDataset(lines(newFolder(), 'pairs.tsv', ['source\ttarget', ...rows]), {
      ...shares,
      task: 'text-to-text',
    });
    const { sequences } = await sequencesOf(dataset, { tokenizer, maxLength, prefix: 'the: ' });
    const found = await sampledLengths(dataset, { tokenizer, maxLength, longTexts: 'cut', prefix: 'the: ' });
    expect(sorted(found.lengths)).toEqual(sorted(sequences.lengths));
    await dataset.close();
  });

  it('stand for the rest where there are many texts', async () => {
    const tokenizer = tokenizers.bert as TextTokenizer;
    const dataset = await openTextDataset(
      table(texts(6000).map((row, i) => ({ ...row, text: `${row.text} ${'abc'[i % 3]}${i}` }))),
      shares,
    );
    const { sequences } = await sequencesOf(dataset, { tokenizer, maxLength });
    const { lengths } = await sampledLengths(dataset, { tokenizer, maxLength, longTexts: 'cut' });
    expect(lengths.length).toBeLessThan(dataset.count / 2);
    const mean = (of: ArrayLike<number>) => Array.from(of).reduce((a, b) => a + b, 0) / of.length;
    expect(mean(lengths) / mean(sequences.lengths)).toBeCloseTo(1, 1);
    await dataset.close();
  });

  it('are full blocks where texts continue each other', async () => {
    const tokenizer = tokenizers.gpt2 as TextTokenizer;
    const dataset = await openTextDataset(
      lines(
        newFolder(),
        'tales.txt',
        texts(1500).map(({ text }) => text),
      ),
      shares,
    );
    const blocks = await blocksOfTexts(dataset, { tokenizer, maxLength });
    const found = await sampledLengths(dataset, { tokenizer, maxLength, longTexts: 'cut' });
    expect(found.lengths).toEqual([maxLength]);
    expect((found.perText * dataset.count) / blocks.count).toBeCloseTo(1, 1);
    const whole = await sampledLengths(dataset, { tokenizer, maxLength: 1e6, longTexts: 'cut' });
    expect(whole.perText * dataset.count).toBeCloseTo(1);
    await blocks.close();
  });

  it('are the blocks of each document where texts stand for themselves, also of one that is a book', async () => {
    const tokenizer = tokenizers.gpt2 as TextTokenizer;
    const documents = [...texts(60).map(({ text }) => text), 'the cat runs and '.repeat(40_000)];
    const rows = documents.map((text) => JSON.stringify({ text }));
    const dataset = await openTextDataset(lines(newFolder(), 'documents.jsonl', rows), { ...shares, task: 'causal-lm' });
    expect(dataset.separator).toBeNull();
    const blocks = await blocksOfTexts(dataset, { tokenizer, maxLength });
    const { lengths, perText } = await sampledLengths(dataset, { tokenizer, maxLength, longTexts: 'cut' });
    expect(Math.max(...lengths)).toBe(maxLength);
    expect((perText * dataset.count) / blocks.count).toBeCloseTo(1, 1);
    await blocks.close();
  });
});

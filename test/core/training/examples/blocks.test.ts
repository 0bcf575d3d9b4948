import { readdirSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { openTextDataset, type StoreOptions } from '../../../../src/core/data/text';
import { TextTokenizer } from '../../../../src/core/text';
import { blocksOfTexts } from '../../../../src/core/training/examples/blocks';
import type { Sequences } from '../../../../src/core/training/examples/sequences';
import { splitNames } from '../../../../src/protocol/data';
import { newFolder } from '../harness';
import { lines, sentences, tinyModel } from '../tinyTexts';

let tokenizer: TextTokenizer;
beforeAll(async () => {
  tokenizer = await TextTokenizer.open(await tinyModel(newFolder(), 'gpt2'));
});
const texts = sentences(3000).map(({ text }, i) => `${text}${' far'.repeat(i % 7)}`);

async function open(
  rows: readonly string[],
  { maxLength = 16, shares = 0.1, store }: { maxLength?: number; shares?: number; store?: StoreOptions } = {},
) {
  const dataset = await openTextDataset(lines(newFolder(), 'tales.txt', rows), { validationSplit: shares, testSplit: shares });
  return { dataset, blocks: await blocksOfTexts(dataset, { tokenizer, maxLength, store }) };
}

async function all({ count, read }: Sequences): Promise<number[][]> {
  const blocks: number[][] = [];
  for (let block = 0; block < count; block++) blocks[block] = Array.from((await read(block)).ids);
  return blocks;
}

test('blocks are the tokens of each split, one after another, cut at one length', async () => {
  const { dataset, blocks } = await open(texts);
  const found = await all(blocks);
  for (const split of splitNames) {
    const stream: number[] = [];
    for (const example of dataset.members(split)) {
      const content = await dataset.read(example);
      if (content.task === 'causal-lm') stream.push(...tokenizer.ids(`${content.text}\n`));
    }
    const expected = Array.from({ length: Math.ceil(stream.length / 16) }, (_, i) => stream.slice(16 * i, 16 * i + 16));
    if (expected.at(-1)?.length === 1) expected.pop(); // nothing follows its token
    const members = Array.from(blocks.members(split));
    expect(members.map((block) => found[block])).toEqual(expected);
    expect(members).toEqual(members.toSorted((a, b) => a - b));
    expect(members.filter((block) => found[block]?.length !== 16).length).toBeLessThanOrEqual(1);
    expect(expected.length).toBeGreaterThan(10);
  }
  expect(found.map(({ length }) => length)).toEqual([...blocks.lengths]);
  await blocks.close();
});

test.each([0, 500, 9000])('with %i bytes of memory for tokens, blocks are those that fit into memory', async (memoryBytes) => {
  const folder = newFolder();
  const [kept, aside] = [await open(texts), await open(texts, { store: { memoryBytes, folder } })];
  expect(aside.blocks.count).toBeGreaterThan(1000);
  expect(await all(aside.blocks)).toEqual(await all(kept.blocks));
  // In any order, and by many at once.
  const places = Array.from({ length: 300 }, (_, i) => (i * 7919) % kept.blocks.count);
  const ids = ({ read }: Sequences) => Promise.all(places.map(async (block) => Array.from((await read(block)).ids)));
  expect(await ids(aside.blocks)).toEqual(await ids(kept.blocks));
  await Promise.all([kept.blocks.close(), aside.blocks.close()]);
  expect(readdirSync(folder)).toEqual([]);
});

test('a block is named by the text in which its first token stands', async () => {
  const { dataset, blocks } = await open(texts.slice(0, 60), { maxLength: 5, shares: 0 });
  const places: string[] = [];
  for await (const { example, content } of dataset.readAll())
    if (content.task === 'causal-lm') for (const _ of tokenizer.ids(`${content.text}\n`)) places.push(dataset.whereOf(example));
  const names = Array.from({ length: blocks.count }, (_, block) => blocks.nameOf(block));
  expect(names).toEqual(places.filter((_, i) => i % 5 === 0 && i + 1 < places.length));
  await blocks.close();
});

test('no block holds texts of two files', async () => {
  const folder = newFolder();
  const [first, second] = [texts.slice(0, 40), texts.slice(40, 90)].map((rows, i) => ({ rows, path: lines(folder, `${i}.txt`, rows) }));
  const dataset = await openTextDataset(folder, { task: 'causal-lm', validationSplit: 0, testSplit: 0 });
  const blocks = await blocksOfTexts(dataset, { tokenizer, maxLength: 16 });
  const idsOf = (rows: readonly string[] = []) => rows.flatMap((row) => [...tokenizer.ids(`${row}\n`)]);
  const cut = (ids: readonly number[]) => Array.from({ length: Math.ceil(ids.length / 16) }, (_, i) => ids.slice(16 * i, 16 * i + 16));
  expect(await all(blocks)).toEqual([...cut(idsOf(first?.rows)), ...cut(idsOf(second?.rows))].filter(({ length }) => length > 1));
  await blocks.close();
});

test('a text of very many tokens is cut into blocks in no time', async () => {
  const long = 'the cat runs and '.repeat(100_000);
  const { blocks } = await open([long, ...texts.slice(0, 100)], { maxLength: 8 });
  expect(blocks.count).toBeGreaterThan(50_000);
  await blocks.close();
}, 20_000);

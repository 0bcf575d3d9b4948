import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { openTextDataset } from '../../../src/core/data/text';
import { TextTokenizer } from '../../../src/core/text';
import { chunksOf, epochOrder } from '../../../src/core/training/chunks';
import { blocksOfTexts } from '../../../src/core/training/examples/blocks';
import { newFolder } from './harness';
import { tinyModel, vocabulary } from './tinyTexts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are in use, but for what the collector would take. */
function held(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const mega = 2 ** 20;

/** A file of lines of some 90 characters. @returns how many there are */
async function write(path: string, bytes: number): Promise<number> {
  const file = createWriteStream(path);
  let rows = 0;
  for (let written = 0; written < bytes; ) {
    const lines = Array.from({ length: 5000 }, () => {
      const words = Array.from({ length: 18 }, (_, i) => vocabulary[4 + ((rows * 7 + i * i * (1 + (rows % 5))) % (vocabulary.length - 4))]);
      return `${words.join(' ')} ${rows++}`;
    });
    const text = `${lines.join('\n')}\n`;
    written += text.length;
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'close');
  return rows;
}

/** Reads a file of that size and goes through an epoch of it. @returns what is held at its end, and how much more that is than at its beginning */
async function measure(home: string, tokenizer: TextTokenizer, size: number): Promise<{ rows: number; held: number; growth: number }> {
  const path = join(home, 'tales.txt');
  const rows = await write(path, size * mega);
  const limits = { cacheFolder: home, memoryBytes: mega };
  const dataset = await openTextDataset(path, { validationSplit: 0.1, testSplit: 0.1, ...limits });
  const blocks = await blocksOfTexts(dataset, { tokenizer, maxLength: 128, store: { folder: home, memoryBytes: mega } });
  const chunks = chunksOf(epochOrder(1, 0, blocks.members('train')), 16);
  const during: number[] = [];
  let seen = 0;
  for (let i = 0; i < chunks.length; i++) {
    const { examples, real } = chunks.at(i);
    const sequences = await Promise.all(examples.map((block) => blocks.read(block)));
    for (const { ids } of sequences.slice(0, real)) seen += ids.length;
    if (i % Math.ceil(chunks.length / 10) === 0) during.push(held());
  }
  console.log(`${size} MB, ${rows} lines, ${seen} tokens: ${during.map((bytes) => (bytes / mega).toFixed(1)).join(', ')} MB held`);
  expect(seen).toBeGreaterThan(12 * rows);
  await blocks.close();
  const [first, last] = [during[0] as number, during.at(-1) as number];
  return { rows, held: last, growth: last - first };
}

it('the memory that plain text takes does not grow with it but for a few bytes a line, and stays the same over an epoch', async () => {
  const home = newFolder();
  const tokenizer = await TextTokenizer.open(await tinyModel(join(home, 'model'), 'gpt2'));
  await measure(home, tokenizer, 1); // brings what is loaded and compiled once
  const small = await measure(home, tokenizer, 6);
  const large = await measure(home, tokenizer, 30);
  for (const { growth } of [small, large]) expect(growth).toBeLessThan(4 * mega);
  const each = (large.held - small.held) / (large.rows - small.rows);
  console.log(`${each.toFixed(1)} bytes a line more`);
  expect(each).toBeLessThan(28); // a line itself has some 90, its tokens 30
}, 900_000);

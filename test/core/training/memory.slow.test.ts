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

it('the memory that plain text takes does not grow with it but for a few bytes a line, and stays the same over an epoch', async () => {
  const home = newFolder();
  const tokenizer = await TextTokenizer.open(await tinyModel(join(home, 'model'), 'gpt2'));
  const limits = { folder: home, memoryBytes: mega };
  const measured: { rows: number; held: number }[] = [];
  for (const size of [1, 12, 48]) {
    const path = join(home, 'tales.txt');
    const rows = await write(path, size * mega);
    const before = held();
    const dataset = await openTextDataset(path, { validationSplit: 0.1, testSplit: 0.1, cacheFolder: home, memoryBytes: mega });
    const blocks = await blocksOfTexts(dataset, { tokenizer, maxLength: 128, store: limits });
    measured.push({ rows, held: held() - before });

    const order = epochOrder(1, 0, blocks.members('train'));
    const chunks = chunksOf(order, 16);
    const during: number[] = [];
    let seen = 0;
    for (const [i, { examples, real }] of [...chunks].entries()) {
      const sequences = await Promise.all(examples.map((block) => blocks.read(block)));
      for (const { ids } of sequences.slice(0, real)) seen += ids.length;
      if (i % Math.ceil(chunks.length / 10) === 0) during.push(held() - before);
    }
    console.log(`${size} MB, ${rows} lines, ${seen} tokens: ${during.map((bytes) => (bytes / mega).toFixed(1)).join(', ')} MB held`);
    expect(seen).toBeGreaterThan(12 * rows);
    expect(Math.max(...during) - Math.min(...during)).toBeLessThan(4 * mega);
    await blocks.close();
  }
  // The first has brought what is loaded and compiled once.
  const [small, large] = measured.slice(1) as [{ rows: number; held: number }, { rows: number; held: number }];
  const each = (large.held - small.held) / (large.rows - small.rows);
  console.log(`${each.toFixed(1)} bytes a line more`);
  expect(each).toBeLessThan(24); // a line itself has some 90, its tokens 38
}, 900_000);

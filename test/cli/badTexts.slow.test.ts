import { closeSync, existsSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { DataSummary } from '../../src/protocol/data';
import type { Failure } from '../../src/protocol/failure';
import { bundled, temporary, thaw } from './thaw';

let bundles: string;
const work = temporary();
beforeAll(async () => {
  bundles = await bundled();
}, 60_000);

const inspect = (...args: string[]) => thaw(bundles, work, ['inspect', ...args, '--json']);
const table = (label: (i: number) => string) =>
  `text,label\n${Array.from({ length: 40 }, (_, i) => `the text number ${i} of all,${label(i)}`).join('\n')}\n`;
const mood = (i: number) => (i % 2 ? 'good' : 'bad');

function write(name: string, content: string | Uint8Array): string {
  const file = path.join(work, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

it.each([
  ['a binary file named .csv', () => [write('binary.csv', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'))], 3, 'data.unreadable'],
  ['a column that is not there', () => [write('fine.csv', table(mood)), '--label-column', 'lable'], 2, 'config.invalid'],
  ['a task that is none', () => [write('fine.csv', table(mood)), '--task', 'poetry'], 2, 'config.invalid'],
  [
    'one label only',
    () => [
      write(
        'one.csv',
        table(() => 'same'),
      ),
    ],
    3,
    'data.oneClass',
  ],
  ['a file that is not there', () => ['absent.csv', '--task', 'causal-lm'], 3, 'data.missing'],
  ['a folder without a tokenizer', () => [write('fine.csv', table(mood)), '--tokenizer', work], 4, 'model.missing'],
] as [string, () => string[], number, Failure['code']][])('%s ends with its own exit code', async (_name, args, code, failure) => {
  const outcome = await inspect(...args());
  expect(outcome.code, outcome.stderr).toBe(code);
  const { error } = outcome.json<{ error: Failure }>();
  expect(error.code).toBe(failure);
  expect(error.message).not.toBe('');
  expect(error.hint).not.toBe('');
});

it('a line of 2 GB is refused within a small heap', async () => {
  const file = openSync(path.join(work, 'line.csv'), 'w');
  const megabyte = Buffer.alloc(1 << 20, 'text and ');
  writeSync(file, 'text,label\n');
  for (let i = 0; i < 64; i++) writeSync(file, megabyte);
  // The rest is a hole: it takes no room on the disk.
  writeSync(file, megabyte, 0, megabyte.length, 2 ** 31);
  closeSync(file);
  const outcome = await thaw(bundles, work, ['inspect', 'line.csv', '--json'], { NODE_OPTIONS: '--max-old-space-size=512' });
  expect(outcome.code, outcome.stderr).toBe(3);
  expect(outcome.json<{ error: Failure }>().error).toMatchObject({ code: 'data.unreadable', message: expect.stringContaining('line.csv') });
});

it('labels that are numbers, scripts, halves of characters and long texts are data', async () => {
  const lines = Array.from({ length: 40 }, (_, i) =>
    JSON.stringify({ text: `</script> ${i} \ud83d \u0007 ${'word '.repeat(i)}`, label: i % 3 }),
  );
  lines.push(JSON.stringify({ text: 'word '.repeat(100_000), label: 1 }));
  const outcome = await inspect(
    write('odd.jsonl', lines.join('\n')),
    '--tokenizer',
    path.resolve('test/fixtures/text/wordpiece'),
    '--max-length',
    '32',
  );
  expect(outcome.code, outcome.stderr).toBe(0);
  const summary = outcome.json<DataSummary>();
  expect(summary.classes.map(({ name }) => name)).toEqual(['0', '1', '2']);
  expect(summary.problems.map(({ code }) => code)).toEqual(expect.arrayContaining(['labelNumbers', 'control', 'cut']));
  expect(summary.problems.find(({ code }) => code === 'cut')?.files).toContain('odd.jsonl:41');
});

const sms = '../shared/real/sms-spam';
it.skipIf(!existsSync(sms))('a real collection is told without a word from us', async () => {
  const outcome = await inspect(path.resolve(sms));
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(outcome.json<DataSummary>()).toMatchObject({ task: 'text-classification', classes: [{ name: 'ham' }, { name: 'spam' }] });
});

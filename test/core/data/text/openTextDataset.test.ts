import { existsSync } from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  kindOfData,
  lengthsOf,
  type OpenTextOptions,
  openTextDataset,
  type TextDataset,
  type TextExample,
} from '../../../../src/core/data/text';
import { TextTokenizer } from '../../../../src/core/text';
import type { Problem, TextTask } from '../../../../src/protocol/data';
import { failureOf } from '../../../failures';
import { folderOf } from '../making';

const halves = { validationSplit: 0.2, testSplit: 0.2 };

async function open(files: Record<string, string | Uint8Array>, options: Partial<OpenTextOptions> = {}, name = ''): Promise<TextDataset> {
  const root = await folderOf(files);
  return openTextDataset(join(root, name), { ...halves, ...options });
}

const found = (dataset: TextDataset, code: Problem['code']) => dataset.summary.problems.filter((problem) => problem.code === code);
const rows = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join('\n');
const mood = (i: number) => (i % 2 ? 'good' : 'bad');

async function all(dataset: TextDataset): Promise<TextExample[]> {
  const examples: TextExample[] = [];
  for await (const { example, content } of dataset.readAll()) examples[example] = content;
  return examples;
}

describe('the task and its columns are found', () => {
  const json = (count: number, object: (i: number) => unknown) => rows(count, (i) => JSON.stringify(object(i)));
  const cases: [string, string, string, TextTask, Record<string, string>][] = [
    [
      'labels beside texts',
      'a.csv',
      `text,label\n${rows(20, (i) => `the film number ${i} was,${mood(i)}`)}`,
      'text-classification',
      { text: 'text', label: 'label' },
    ],
    [
      'labels first, no header',
      'a.tsv',
      rows(20, (i) => `${mood(i)}\tthe film number ${i}`),
      'text-classification',
      { text: 'column2', label: 'column1' },
    ],
    [
      'numbers as labels',
      'a.csv',
      `review,stars\n${rows(20, (i) => `the film number ${i} was,${i % 5}`)}`,
      'text-classification',
      { text: 'review', label: 'stars' },
    ],
    [
      'pairs',
      'a.tsv',
      `sentence1\tsentence2\tlabel\n${rows(20, (i) => `one of ${i}\tanother of ${i}\t${i % 2}`)}`,
      'text-pair-classification',
      { text: 'sentence1', secondText: 'sentence2', label: 'label' },
    ],
    [
      'pairs by number',
      'a.jsonl',
      json(20, (i) => ({ remark_1: `one of ${i}`, remark_2: `another of ${i}`, verdict: mood(i) })),
      'text-pair-classification',
      { text: 'remark_1', secondText: 'remark_2', label: 'verdict' },
    ],
    [
      'Alpaca',
      'a.json',
      JSON.stringify(
        Array.from({ length: 12 }, (_, i) => ({ instruction: `Do thing ${i}`, input: i % 2 ? '' : `with ${i}`, output: `done ${i}` })),
      ),
      'chat',
      { instruction: 'instruction', input: 'input', output: 'output' },
    ],
    [
      'ShareGPT',
      'a.json',
      JSON.stringify(
        Array.from({ length: 12 }, (_, i) => ({
          id: i,
          conversations: [
            { from: 'human', value: `q ${i}` },
            { from: 'gpt', value: 'a' },
          ],
        })),
      ),
      'chat',
      { messages: 'conversations' },
    ],
    [
      'OpenAI',
      'a.jsonl',
      json(12, (i) => ({
        messages: [
          { role: 'system', content: 's' },
          { role: 'user', content: `q ${i}` },
          { role: 'assistant', content: 'a' },
        ],
      })),
      'chat',
      { messages: 'messages' },
    ],
    [
      'prompts',
      'a.jsonl',
      json(12, (i) => ({ prompt: `what is ${i}?`, completion: `it is ${i}` })),
      'chat',
      { instruction: 'prompt', output: 'completion' },
    ],
    [
      'source and target',
      'a.tsv',
      `source\ttarget\n${rows(12, (i) => `the house ${i}\tdas Haus ${i}`)}`,
      'text-to-text',
      { source: 'source', target: 'target' },
    ],
    [
      'languages in an object',
      'a.jsonl',
      json(12, (i) => ({ id: i, translation: { en: `the house ${i}`, de: `das Haus ${i}` } })),
      'text-to-text',
      { source: 'translation.en', target: 'translation.de' },
    ],
    [
      'two texts without a header',
      'a.tsv',
      rows(12, (i) => `the house ${i}\tdas Haus ${i}`),
      'text-to-text',
      { source: 'column1', target: 'column2' },
    ],
    ['plain text', 'a.txt', rows(40, (i) => `It was day ${i}, and it rained.`), 'causal-lm', { text: 'text' }],
    ['one column of texts', 'a.jsonl', json(12, (i) => ({ id: i, text: `a story about ${i}` })), 'causal-lm', { text: 'text' }],
  ];
  it.each(cases)('%s', async (_name, file, content, task, columns) => {
    const dataset = await open({ [file]: content }, {}, file);
    expect({ task: dataset.task, columns: dataset.columns }).toEqual({ task, columns });
    const named = Object.fromEntries((dataset.summary.columns ?? []).filter(({ role }) => role).map(({ name, role }) => [role, name]));
    expect(named).toEqual(columns);
    const examples = await all(dataset);
    expect(examples).toHaveLength(dataset.count);
    for (const [i, example] of examples.entries()) expect(await dataset.read(i)).toEqual(example);
    await dataset.close();
  });

  it('and given otherwise', async () => {
    const content = `title,body,kind\n${rows(20, (i) => `about ${i},the story of ${i} is told,${mood(i)}`)}`;
    const given = await open({ 'a.csv': content }, { columns: { text: 'title' } }, 'a.csv');
    expect(given.columns).toEqual({ text: 'title', label: 'kind' });
    const other = await open({ 'a.csv': content }, { task: 'text-to-text', columns: { source: 'body', target: 'title' } }, 'a.csv');
    expect(await other.read(3)).toEqual({ task: 'text-to-text', source: 'the story of 3 is told', target: 'about 3' });
    const plain = await open({ 'a.csv': content }, { task: 'causal-lm', columns: { text: 'body' } }, 'a.csv');
    expect([plain.task, plain.classes]).toEqual(['causal-lm', []]);
    const failure = await failureOf(open({ 'a.csv': content }, { columns: { label: 'mood' } }, 'a.csv'));
    expect(failure).toMatchObject({ code: 'config.invalid', hint: expect.stringContaining('title, body, kind') });
  });

  it('makes one conversation of instruction, input and output', async () => {
    const dataset = await open(
      { 'a.jsonl': rows(10, (i) => JSON.stringify({ instruction: `Do ${i}`, input: 'this', output: 'Done' })) },
      {},
      'a.jsonl',
    );
    expect(await dataset.read(4)).toEqual({
      task: 'chat',
      messages: [
        { role: 'user', content: 'Do 4\n\nthis' },
        { role: 'assistant', content: 'Done' },
      ],
    });
  });
});

describe('files and splits', () => {
  const table = (from: number) => `text,label\n${rows(20, (i) => `text number ${from + i},${mood(i)}`)}`;

  it.each([
    [{ 'train.csv': table(0), 'validation.csv': table(100), 'test.csv': table(200) }],
    [{ 'data/sst_train-00000-of-00002.csv': table(0), 'data/sst_dev.csv': table(100), 'data/sst_test.csv': table(200) }],
    [{ 'train/a.csv': table(0), 'valid/a.csv': table(100), 'testing/a.csv': table(200), 'README.md': '# Words' }],
  ])('go by the names of files: %#', async (files) => {
    const dataset = await open(files);
    expect(Object.entries(dataset.summary.splits).map(([name, s]) => [name, s?.count, s?.origin])).toEqual(
      ['train', 'validation', 'test'].map((name) => [name, 20, 'folder']),
    );
    expect([...dataset.members('test')].every((i) => dataset.splitOf(i) === 'test')).toBe(true);
    expect(dataset.whereOf(0)).toMatch(/train.*:2$/);
  });

  it('go by a column', async () => {
    const dataset = await open(
      { 'a.csv': `text,label,split\n${rows(30, (i) => `text number ${i},${mood(i)},${['train', 'dev', 'test'][Math.floor(i / 10)]}`)}` },
      {},
      'a.csv',
    );
    expect(dataset.summary.splits.validation).toMatchObject({ count: 10, origin: 'metadata' });
  });

  it('go by no column where none is wanted, though there is one', async () => {
    const content = `text,label,split\n${rows(30, (i) => `text number ${i},${mood(i)},${i < 20 ? 'train' : 'test'}`)}`;
    const dataset = await open({ 'a.csv': content }, { columns: { split: '' } }, 'a.csv');
    expect(dataset.columns).toEqual({ text: 'text', label: 'label' });
    expect(dataset.summary.splits.test).toMatchObject({ origin: 'split' });
    expect(dataset.summary.columns).toContainEqual({ name: 'split', role: null });
    await expect(open({ 'a.csv': content }, { columns: { label: '' } }, 'a.csv')).rejects.toMatchObject({
      failure: { code: 'config.invalid' },
    });
  });

  it('are split off each class by content: the order of rows does not matter', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `text number ${i},${mood(i)}`);
    const roles = async (order: string[]) => {
      const dataset = await open({ 'a.csv': `text,label\n${order.join('\n')}` }, {}, 'a.csv');
      expect(dataset.summary.splits.test).toMatchObject({ count: 8, classes: [4, 4], origin: 'split' });
      const byText: Record<string, string> = {};
      for (const [i, example] of (await all(dataset)).entries())
        if (example.task === 'text-classification') byText[example.text] = dataset.splitOf(i);
      return byText;
    };
    expect(await roles(lines)).toEqual(await roles([...lines].reverse()));
  });

  it('keep neighbours of plain text together', async () => {
    const dataset = await open({ 'a.txt': rows(4000, (i) => `It was day ${i}, and it rained for the ${i}th time.`) }, {}, 'a.txt');
    expect(dataset.separator).toBe('\n');
    let borders = 0;
    for (let i = 1; i < dataset.count; i++) if (dataset.splitOf(i) !== dataset.splitOf(i - 1)) borders++;
    expect(borders).toBeLessThan(60);
    expect((dataset.summary.splits.test?.count ?? 0) / dataset.count).toBeCloseTo(0.2, 1);
  });

  it('come from folders of texts by class', async () => {
    const files: Record<string, string> = {};
    for (let i = 0; i < 20; i++) files[`${mood(i)}/${i}.txt`] = `the film ${i}\nin two lines`;
    const dataset = await open(files);
    expect([dataset.task, dataset.classes, dataset.count]).toEqual(['text-classification', ['bad', 'good'], 20]);
    expect(await dataset.read(0)).toEqual({ task: 'text-classification', text: 'the film 0\nin two lines', label: 0 });
    const split: Record<string, string> = {};
    for (const role of ['train', 'test']) for (let i = 0; i < 20; i++) split[`${role}/${mood(i)}/${i}.txt`] = `${role} film ${i}`;
    expect((await open(split)).summary.splits).toMatchObject({
      train: { count: 16 },
      validation: { origin: 'split' },
      test: { count: 20, origin: 'folder' },
    });
  });

  it('are told from pictures', async () => {
    const kind = async (files: Record<string, string>, name = '') => kindOfData(join(await folderOf(files), name));
    expect(await kind({ 'train.csv': 'text,label' })).toBe('texts');
    expect(await kind({ 'train.csv': 'text,label' }, 'train.csv')).toBe('texts');
    expect(await kind({ 'a/1.txt': 'x', 'b/1.txt': 'y' })).toBe('texts');
    expect(await kind({ 'a/1.png': 'x', 'b/1.png': 'y', 'notes.csv': 'z' })).toBe('pictures');
    expect(await kind({ 'metadata.csv': 'file_name,label' })).toBe('pictures');
    expect(await kind({ 'a/b.bin': '' })).toBe('pictures');
  });
});

describe('checks name each row', () => {
  it('empty texts and labels, duplicates, two labels, typos, control characters', async () => {
    const lines = [
      ...Array.from({ length: 30 }, (_, i) => `text number ${i},${i % 2 ? 'spam' : 'ham'}`), // lines 2–31
      ',ham', // 32
      'no label,', // 33
      'text number 3,spam', // 34: again
      'text number 4,spam', // 35: another label
      'a slip,Spam', // 36
      'another, spam ', // 37: its label has spaces
      'bell \u0007 rings,ham', // 38
      '</script><b onclick=x>,ham', // 39
      'text,with,commas', // 40
    ];
    const dataset = await open({ 'a.csv': `text,label\n${lines.join('\n')}` }, {}, 'a.csv');
    const files = (code: Problem['code']) => found(dataset, code).map((problem) => problem.files);
    expect(files('empty')).toEqual([['a.csv:32'], ['a.csv:33']]);
    expect(files('duplicate')).toEqual([['a.csv:34']]);
    expect(files('sameInClasses')).toEqual([['a.csv:6', 'a.csv:35']]);
    expect(files('labelTypo')).toEqual([['a.csv:37'], ['a.csv:36']]);
    expect(files('control')).toEqual([['a.csv:38']]);
    expect(files('ragged')).toEqual([['a.csv:40']]);
    expect(dataset.classes).toEqual(['Spam', 'ham', 'spam']);
    const texts = (await all(dataset)).map((example) => (example.task === 'text-classification' ? example.text : ''));
    expect(texts).toContain('</script><b onclick=x>');
    expect(texts).not.toContain('text number 4');
    expect(new Set(texts).size).toBe(texts.length);
    expect(JSON.parse(JSON.stringify(dataset.summary))).toEqual(dataset.summary);
  });

  it('the same text in two splits stays where it flatters least', async () => {
    const table = (from: number) => `text,label\n${rows(20, (i) => `text number ${from + i},${mood(i)}`)}\nthe same text,good\n`;
    const dataset = await open({ 'train.csv': table(0), 'test.csv': table(100) });
    expect(found(dataset, 'sameInSplits')[0]?.files).toEqual(['train.csv:22', 'test.csv:22']);
    expect(dataset.summary.splits.test?.count).toBe(21);
  });

  it('imbalance, small classes, numbers as labels', async () => {
    const dataset = await open({ 'a.csv': `text,label\n${rows(60, (i) => `text number ${i},${i % 20 ? 0 : 1}`)}` }, {}, 'a.csv');
    expect(found(dataset, 'imbalance')).toHaveLength(1);
    expect(found(dataset, 'fewExamples')).toHaveLength(1);
    expect(found(dataset, 'labelNumbers')[0]?.severity).toBe('info');
  });

  it('keeps halves of surrogate pairs as they are', async () => {
    const lines = rows(20, (i) => `{"text":"half \\ud83d of ${i}","label":"${mood(i)}"}`);
    const dataset = await open({ 'a.jsonl': lines }, {}, 'a.jsonl');
    expect(await dataset.read(2)).toMatchObject({ text: 'half \ud83d of 2' });
    expect(found(dataset, 'control')[0]?.count).toBe(20);
  });
});

describe('what cannot be learned from is refused', () => {
  const cases: [string, Record<string, string | Uint8Array>, Partial<OpenTextOptions>, string][] = [
    ['one label only', { 'a.csv': `text,label\n${rows(20, (i) => `text ${i},same`)}` }, {}, 'data.oneClass'],
    ['no rows', { 'a.csv': 'text,label\n' }, {}, 'data.empty'],
    ['nothing at all', { 'a.csv': '' }, {}, 'data.empty'],
    ['numbers only', { 'a.csv': `a,b\n${rows(200, (i) => `${i * 1.7},${i * 3.1}`)}` }, {}, 'data.unsupported'],
    ['measures as labels', { 'a.csv': `text,label\n${rows(200, (i) => `text of ${i},${i / 7}`)}` }, {}, 'data.unsupported'],
    ['shares that leave nothing', { 'a.csv': 'text,label\na,b' }, { validationSplit: 0.5, testSplit: 0.5 }, 'config.invalid'],
    [
      'a class in the test alone',
      { 'train.csv': `text,label\n${rows(20, (i) => `text ${i},${mood(i)}`)}`, 'test.csv': 'text,label\nx,odd\n' },
      {},
      'data.tooFew',
    ],
    [
      'other columns in another split',
      { 'train.csv': `text,label\n${rows(20, (i) => `text ${i},${mood(i)}`)}`, 'test.csv': 'content,kind\nx,good\n' },
      {},
      'data.unsupported',
    ],
    ['no train', { 'test.csv': 'text,label\na,b\nc,d\n' }, {}, 'data.unsupported'],
  ];
  it.each(cases)('%s', async (_name, files, options, code) => {
    const name = Object.keys(files).length === 1 && 'a.csv' in files ? 'a.csv' : '';
    expect((await failureOf(open(files, options, name)))?.code).toBe(code);
  });

  it('a path that is not there', async () => {
    expect((await failureOf(openTextDataset('/no/such/file.csv', halves)))?.code).toBe('data.missing');
  });
});

it('texts beyond memory go to a file that is gone even if the process dies', async () => {
  const cacheFolder = await folderOf({});
  const text = 'words and words '.repeat(100);
  const table = `text,label\n${rows(6000, (i) => `${i} ${text},${mood(i)}`)}`; // 9.6 MB
  const dataset = await open({ 'a.csv': table }, { cacheFolder, memoryBytes: 4 << 20 }, 'a.csv');
  // It has no name any more (or, where an open file keeps its name, until it is closed), but is there.
  if (process.platform === 'linux') {
    const open = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
    expect((await Promise.all(open)).filter((file) => file.startsWith(cacheFolder))).toHaveLength(1);
  }
  for (const i of [0, 7, 2000, 4100, dataset.count - 1])
    expect(await dataset.read(i)).toEqual({ task: 'text-classification', text: `${i} ${text}`, label: i % 2 });
  const seen: number[] = [];
  for await (const { example, content } of dataset.readAll()) {
    if (example % 997 === 0) expect(content).toMatchObject({ text: `${example} ${text}` });
    seen.push(example);
  }
  expect(seen).toEqual(Array.from({ length: dataset.count }, (_, i) => i));
  await dataset.close();
  expect(await readdir(cacheFolder)).toEqual([]);
});

const sms = '../shared/real/sms-spam';
it.skipIf(!existsSync(sms))('reads a real collection of messages, whose quotes do not quote, to the last row', async () => {
  const dataset = await openTextDataset(sms, halves);
  expect([dataset.task, dataset.classes]).toEqual(['text-classification', ['ham', 'spam']]);
  expect(dataset.count + (found(dataset, 'duplicate')[0]?.count ?? 0)).toBe(5574);
  expect(found(dataset, 'ragged')).toEqual([]);
});

it('counts the tokens of all texts and names those that are cut', async () => {
  const content = `text,label\n${rows(20, (i) => `${'the river '.repeat(i + 1)},${mood(i)}`)}`;
  const dataset = await open({ 'a.csv': content }, {}, 'a.csv');
  const tokenizer = await TextTokenizer.open(join(__dirname, '../../../fixtures/text/wordpiece'));
  const { tokens, problems } = await lengthsOf(dataset, tokenizer, { maxLength: 30 });
  const expected = Array.from({ length: 20 }, (_, i) => tokenizer.encode('the river '.repeat(i + 1)).ids.length);
  expect([...tokens]).toEqual(expected);
  const cut = expected.flatMap((length, i) => (length > 30 ? [`a.csv:${i + 2}`] : []));
  expect(cut.length).toBeGreaterThan(0);
  expect(problems).toMatchObject([{ code: 'cut', files: cut, count: cut.length }]);
});

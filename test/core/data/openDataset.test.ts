import { existsSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Dataset, openDataset } from '../../../src/core/data';
import { type DataSummary, dataSummarySchema, type Problem } from '../../../src/protocol/data';
import type { Failure, ThawError } from '../../../src/protocol/failure';
import { failureOf } from '../../failures';
import { bomb, folderOf, many, plain, scene } from './making';

const whole = { validationSplit: 0, testSplit: 0 };
const usual = { validationSplit: 0.15, testSplit: 0.15 };

const listed = (dataset: Dataset) => dataset.examples.map(({ path, label, split }) => `${path} ${dataset.classes[label]} ${split}`);
const found = (dataset: Dataset, code: Problem['code']) => dataset.summary.problems.filter((problem) => problem.code === code);
async function refusalOf(root: string, options = usual): Promise<Failure> {
  const failure = await failureOf(openDataset(root, options));
  expect(failure.message).toContain(root);
  expect(failure.path).toBe(root);
  return failure;
}

describe('layouts', () => {
  test('class/*, at any depth, sorted by name as code units', async () => {
    const root = await folderOf({
      ...(await many('b/', 2)),
      ...(await many('a/deep/er/', 1, 10)),
      ...(await many('Z/', 1, 20)),
      ...(await many('10/', 1, 30)),
      ...(await many('9/', 1, 40)),
    });
    const dataset = await openDataset(root, whole);
    expect(dataset.classes).toEqual(['10', '9', 'Z', 'a', 'b']);
    expect(listed(dataset)).toEqual([
      '10/0.png 10 train',
      '9/0.png 9 train',
      'Z/0.png Z train',
      'a/deep/er/0.png a train',
      'b/0.png b train',
      'b/1.png b train',
    ]);
    expect(dataset.summary.splits.train).toEqual({ count: 6, classes: [1, 1, 1, 1, 2], origin: 'folder' });
    expect(dataSummarySchema.parse(dataset.summary)).toEqual(dataset.summary);
  });

  test.each([
    ['val', 'test'],
    ['valid', 'test'],
    ['validation', 'Testing'],
    ['dev', 'TEST'],
  ])('{train,%s,%s}/class/*', async (validation, testing) => {
    const root = await folderOf({
      ...(await many('train/a/', 3)),
      ...(await many('train/b/', 3, 10)),
      ...(await many(`${validation}/a/`, 2, 20)),
      ...(await many(`${validation}/b/`, 1, 30)),
      ...(await many(`${testing}/a/`, 1, 40)),
      ...(await many(`${testing}/b/`, 1, 50)),
    });
    const { summary } = await openDataset(root, usual);
    expect(summary.splits).toEqual({
      train: { count: 6, classes: [3, 3], origin: 'folder' },
      validation: { count: 3, classes: [2, 1], origin: 'folder' },
      test: { count: 2, classes: [1, 1], origin: 'folder' },
    });
  });

  test('a role that is missing is split off the training examples alone', async () => {
    const root = await folderOf({
      ...(await many('train/a/', 40)),
      ...(await many('train/b/', 40, 100)),
      ...(await many('val/a/', 5, 200)),
      ...(await many('val/b/', 5, 300)),
    });
    const dataset = await openDataset(root, usual);
    expect(dataset.summary.splits.validation).toEqual({ count: 10, classes: [5, 5], origin: 'folder' });
    expect(dataset.summary.splits.test?.origin).toBe('split');
    const test = dataset.examples.filter((example) => example.split === 'test');
    expect(test.length).toBeGreaterThan(3);
    expect(test.every((example) => example.path.startsWith('train/'))).toBe(true);
    expect((await openDataset(root, { validationSplit: 0.15, testSplit: 0 })).summary.splits.test).toBeUndefined();
  });

  test.each([
    ['metadata.csv', 'file_name,label\none.png,cat\nsub/two.png,dog\n"with, comma.png",cat\n'],
    ['metadata.csv', '\uFEFFlabel,caption,file_name\r\ncat,x,one.png\r\ndog,,sub/two.png\r\ncat,y,"with, comma.png"\r\n'],
    [
      'metadata.jsonl',
      '{"file_name":"one.png","label":"cat"}\n\n{"file_name":"sub/two.png","label":"dog"}\n{"file_name":"with, comma.png","label":"cat"}',
    ],
    ['metadata.csv', 'file_name,animal\none.png,cat\nsub/two.png,dog\n"with, comma.png",cat\n'],
  ])('%s in the root: %j', async (name, text) => {
    const root = await folderOf({
      [name]: text,
      'one.png': await plain(1),
      'sub/two.png': await plain(2),
      'with, comma.png': await plain(3),
      'extra.png': await plain(4),
    });
    const dataset = await openDataset(root, whole);
    expect(listed(dataset)).toEqual(['one.png cat train', 'sub/two.png dog train', 'with, comma.png cat train']);
    expect(dataset.summary.splits.train?.origin).toBe('metadata');
    expect(found(dataset, 'stray')[0]?.files).toEqual(['extra.png']);
  });

  test('metadata in each split folder, labels as numbers, rows without a file', async () => {
    const root = await folderOf({
      'train/metadata.jsonl':
        '{"file_name":"0.png","label":0}\n{"file_name":"1.png","label":1}\n{"file_name":"lost.png","label":1}\n{"file_name":"../../outside.png","label":1}',
      'test/metadata.jsonl': '{"file_name":"0.png","label":1}',
      ...(await many('train/', 2)),
      ...(await many('test/', 1, 10)),
    });
    const dataset = await openDataset(root, whole);
    expect(listed(dataset)).toEqual(['test/0.png 1 test', 'train/0.png 0 train', 'train/1.png 1 train']);
    expect(found(dataset, 'unreadable')[0]).toMatchObject({ files: ['lost.png', '../../outside.png'], count: 2 });
  });

  test('metadata in the root may name the split in a column or by the folder', async () => {
    const files = { ...(await many('train/', 2)), ...(await many('dev/', 1, 10)) };
    const byFolder = await folderOf({ 'metadata.csv': 'file_name,label\ntrain/0.png,a\ntrain/1.png,b\ndev/0.png,a\n', ...files });
    const byColumn = await folderOf({
      'metadata.csv': 'file_name,split,label\ntrain/0.png,train,a\ntrain/1.png,train,b\ndev/0.png,validation,a\n',
      ...files,
    });
    for (const root of [byFolder, byColumn])
      expect(listed(await openDataset(root, whole))).toEqual(['dev/0.png a validation', 'train/0.png a train', 'train/1.png b train']);
  });

  test('a table of something else beside class folders is a stray file', async () => {
    const root = await folderOf({ 'metadata.csv': 'id,note\n1,x\n', ...(await many('a/', 1)), ...(await many('b/', 1, 9)) });
    const dataset = await openDataset(root, whole);
    expect(dataset.classes).toEqual(['a', 'b']);
    expect(found(dataset, 'stray')[0]?.files).toEqual(['metadata.csv']);
  });

  test('one root twice gives the same data set; onProgress hears the counts first and the whole last', async () => {
    const root = await folderOf({ ...(await many('a/', 20)), ...(await many('b/', 20, 50)), 'a/broken.png': '' });
    const heard: DataSummary[] = [];
    const dataset = await openDataset(root, { ...usual, onProgress: (summary) => heard.push(summary) });
    expect(heard).toHaveLength(2);
    expect(heard[0]).toMatchObject({ fingerprint: '', splits: { train: { count: 41, classes: [21, 20], origin: 'folder' } } });
    expect(heard[1]).toEqual(dataset.summary);
    expect(dataset.summary.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(await openDataset(root, usual)).toEqual(dataset);
    await writeFile(join(root, 'a/another.png'), await plain(999));
    expect((await openDataset(root, usual)).summary.fingerprint).not.toBe(dataset.summary.fingerprint);
  });

  test('it can be cancelled', async () => {
    const root = await folderOf({ ...(await many('a/', 5)), ...(await many('b/', 5, 50)) });
    const asked = new AbortController();
    const opened = openDataset(root, { ...usual, signal: asked.signal, onProgress: () => asked.abort() });
    await expect(opened).rejects.toMatchObject({ failure: { code: 'interrupted' } });
  });
});

describe('folders that nothing can be learned from', () => {
  test('a path that is not there, and a file', async () => {
    const root = await folderOf({ 'notes.txt': 'x' });
    expect((await refusalOf(join(root, 'nowhere'))).code).toBe('data.missing');
    expect((await refusalOf(join(root, 'notes.txt'))).code).toBe('data.unsupported');
  });

  test('an empty folder, also one of empty and hidden folders', async () => {
    expect((await refusalOf(await folderOf({}))).code).toBe('data.empty');
    const root = await folderOf({ '.cache/a/x.png': await plain(1), '.DS_Store': '', 'Thumbs.db': '' });
    await mkdir(join(root, 'cats'));
    expect((await refusalOf(root)).code).toBe('data.empty');
  });

  test('text files say what was found', async () => {
    for (const root of [await folderOf({ 'a.txt': 'x', 'b.md': 'y' }), await folderOf({ 'spam/a.txt': 'x', 'ham/b.md': 'y' })]) {
      const failure = await refusalOf(root);
      expect(failure.code).toBe('data.unsupported');
      expect(failure.message).toContain('.md, .txt');
    }
  });

  test('a folder that is itself one class points to the one above', async () => {
    const root = await folderOf(await many('cats/', 3));
    const failure = await refusalOf(join(root, 'cats'));
    expect(failure.code).toBe('data.unsupported');
    expect(failure.hint).toContain(root);
  });

  test('one class', async () => {
    const failure = await refusalOf(await folderOf(await many('cats/', 3)));
    expect(failure.code).toBe('data.oneClass');
    expect(failure.message).toContain('cats');
  });

  test('roles without train', async () => {
    const failure = await refusalOf(await folderOf({ ...(await many('val/a/', 2)), ...(await many('test/a/', 2, 9)) }));
    expect(failure).toMatchObject({ code: 'data.unsupported', message: expect.stringContaining('train') });
  });

  test('a class without a single training example is named', async () => {
    const unreadable = await refusalOf(await folderOf({ ...(await many('a/', 3)), 'b/x.png': '', 'b/y.png': 'MZ' }));
    expect(unreadable).toMatchObject({ code: 'data.tooFew', message: expect.stringContaining(' b ') });
    const onlyTest = await refusalOf(
      await folderOf({ ...(await many('train/a/', 3)), ...(await many('test/a/', 2, 9)), ...(await many('test/c/', 2, 19)) }),
    );
    expect(onlyTest).toMatchObject({ code: 'data.tooFew', message: expect.stringContaining(' c ') });
  });

  test('tables that lack a column or are none', async () => {
    const picture = { 'x.png': await plain(1) };
    for (const [name, text, says] of [
      ['metadata.csv', 'file_name\nx.png\n', 'label'],
      ['metadata.csv', 'name,label\nx.png,a\n', 'file_name'],
      ['metadata.csv', 'file_name,label\n"x.png,a\n', 'not a table'],
      ['metadata.jsonl', '{"file_name":"x.png","label":"a"}\nnot json', 'Line 2'],
    ] as const) {
      const root = await folderOf({ [name]: text, ...picture });
      const error = await openDataset(root, whole).catch((e: unknown) => e);
      expect((error as ThawError).failure).toMatchObject({
        code: 'data.unsupported',
        path: join(root, name),
        message: expect.stringContaining(says),
      });
    }
  });

  test('shares that leave nothing', async () => {
    const root = await folderOf({ ...(await many('a/', 2)), ...(await many('b/', 2, 9)) });
    await expect(openDataset(root, { validationSplit: 0.6, testSplit: 0.4 })).rejects.toMatchObject({
      failure: { code: 'config.invalid' },
    });
  });
});

describe('problems', () => {
  test('files that cannot be used are left out by name and cause; the rest goes on', async () => {
    const photo = await scene(1, 300, 200).jpeg().toBuffer();
    const drawing = await scene(2, 300, 200).png().toBuffer();
    const root = await folderOf({
      ...(await many('a/', 12)),
      ...(await many('b/', 12, 50)),
      'a/cut.jpg': photo.subarray(0, photo.length / 2),
      'a/cut.png': drawing.subarray(0, drawing.length / 2),
      'a/empty.png': '',
      'a/setup.jpg': Buffer.from('MZ\x90\0\x03'),
      'b/bomb.png': bomb(30_000, 30_000),
      'b/phone.heic': Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
      'b/notes.txt': 'hello',
      'b/picture': photo,
      'readme.md': 'hello',
      'b/.hidden.png': 'x',
      'b/Thumbs.db': 'x',
    });
    const dataset = await openDataset(root, whole);
    expect(dataset.examples).toHaveLength(25);
    expect(dataset.examples.map((example) => example.path)).toContain('b/picture');
    const named = (code: Problem['code']) =>
      found(dataset, code)
        .flatMap((problem) => problem.files)
        .sort();
    expect(named('unreadable')).toEqual(['a/cut.jpg', 'a/cut.png', 'a/empty.png', 'b/phone.heic']);
    expect(named('notAnImage')).toEqual(['a/setup.jpg', 'b/picture']);
    expect(named('tooLarge')).toEqual(['b/bomb.png']);
    expect(named('stray')).toEqual(['b/notes.txt', 'readme.md']);
    expect(found(dataset, 'tooLarge')[0]?.message).toContain('30000 × 30000');
    for (const problem of dataset.summary.problems) {
      expect(problem.message).not.toMatch(/\{\d\}/);
      expect(problem.meaning).not.toBe('');
    }
  });

  test('exact copies: one is used; across splits training gives way to validation, and validation to test', async () => {
    const root = await folderOf({
      ...(await many('train/a/', 3)),
      ...(await many('train/b/', 3, 10)),
      ...(await many('val/a/', 2, 20)),
      ...(await many('val/b/', 2, 30)),
      ...(await many('test/a/', 2, 40)),
      ...(await many('test/b/', 2, 50)),
      'train/a/copy.png': await plain(0),
      'train/a/leak.png': await plain(40 * 7919),
      'train/b/leak.png': await plain(30 * 7919),
      'val/b/leak.png': await plain(50 * 7919),
    });
    const dataset = await openDataset(root, whole);
    const paths = dataset.examples.map((example) => example.path);
    expect(paths.filter((path) => /copy|leak/.test(path))).toEqual([]);
    expect(paths).toHaveLength(14);
    expect(found(dataset, 'duplicate')[0]?.files).toEqual(['train/a/copy.png']);
    expect(found(dataset, 'sameInSplits')[0]?.files.sort()).toEqual([
      'test/a/0.png',
      'test/b/0.png',
      'train/a/leak.png',
      'train/b/leak.png',
      'val/b/0.png',
      'val/b/leak.png',
    ]);
    expect(found(dataset, 'sameInSplits')[0]?.message).toContain('3 pictures');
  });

  test('the same picture under two labels is left out under both', async () => {
    const root = await folderOf({ ...(await many('a/', 3)), ...(await many('b/', 3, 10)), 'b/wrong.png': await plain(0) });
    const dataset = await openDataset(root, whole);
    expect(found(dataset, 'sameInClasses')[0]?.files).toEqual(['a/0.png', 'b/wrong.png']);
    expect(dataset.examples).toHaveLength(5);
  });

  test('two photos a class go through, with a word', async () => {
    const root = await folderOf({ ...(await many('a/', 2)), ...(await many('b/', 2, 10)) });
    const dataset = await openDataset(root, usual);
    expect(new Set(dataset.examples.filter((e) => e.split === 'train').map((e) => e.label)).size).toBe(2);
    expect(found(dataset, 'fewExamples')[0]?.message).toMatch(/a \(\d\), b \(\d\)|b \(\d\), a \(\d\)/);
    expect(found(dataset, 'missingInSplit').length).toBeGreaterThan(0);
  });

  test('imbalance, a class that a split lacks, an empty class folder', async () => {
    const root = await folderOf({
      ...(await many('train/a/', 60)),
      ...(await many('train/b/', 11, 100)),
      ...(await many('val/a/', 2, 200)),
      'train/c/notes.txt': '',
    });
    const dataset = await openDataset(root, whole);
    expect(dataset.classes).toEqual(['a', 'b']);
    expect(found(dataset, 'imbalance')[0]?.message).toBe('a has 60 training examples, b only 11.');
    expect(found(dataset, 'missingInSplit')[0]?.message).toContain('none of b');
    expect(found(dataset, 'fewExamples')[0]?.files).toEqual(['train/c']);
  });
});

describe('names and links', () => {
  test('any name that the disk takes', async () => {
    const names = ['with space', "quote's", 'double"quote', '<script>alert(1)<', 'emoji 🐝', '{0}', '%41', '#1?', 'ü', 'a'.repeat(250)];
    const files: Record<string, Buffer> = {};
    for (const [i, name] of names.entries()) {
      files[`${name}/${i}.png`] = await plain(i * 3);
      files[`${name}/${'n'.repeat(246)}.png`] = await plain(i * 3 + 1);
    }
    const dataset = await openDataset(await folderOf(files), whole);
    expect([...dataset.classes].sort()).toEqual([...names].sort());
    expect(dataset.examples.map((example) => example.path).sort()).toEqual(Object.keys(files).sort());
  });

  test('links are followed, but not up, not in circles, and no folder twice', async () => {
    const elsewhere = await folderOf({ ...(await many('more/', 2, 30)), 'one.png': await plain(777) });
    const root = await folderOf({ ...(await many('a/', 2)), ...(await many('b/', 2, 10)) });
    await symlink(join(elsewhere, 'more'), join(root, 'c'));
    await symlink(join(elsewhere, 'one.png'), join(root, 'a', 'linked.png'));
    await symlink(root, join(root, 'a', 'up'));
    await symlink('.', join(root, 'b', 'here'));
    await symlink('self', join(root, 'b', 'self'));
    await symlink(join(root, '..'), join(root, 'b', 'above'));
    await symlink(join(root, 'nowhere.png'), join(root, 'b', 'dangling.png'));
    await mkdir(join(root, 'b', 'x'));
    await mkdir(join(root, 'b', 'y'));
    await symlink('../y', join(root, 'b', 'x', 'y'));
    await symlink('../x', join(root, 'b', 'y', 'x'));
    const dataset = await openDataset(root, whole);
    expect(dataset.examples.map((example) => example.path)).toEqual([
      'a/0.png',
      'a/1.png',
      'a/linked.png',
      'b/0.png',
      'b/1.png',
      'c/0.png',
      'c/1.png',
    ]);
    const links = found(dataset, 'link')[0]?.files ?? [];
    expect(links).toEqual(expect.arrayContaining(['a/up', 'b/here', 'b/self', 'b/above']));
    expect(found(dataset, 'unreadable')[0]?.files).toEqual(['b/dangling.png']);
  });
});

const real = join(__dirname, '../../../../shared/real/hymenoptera');
test.skipIf(!existsSync(real))('real photographs: 244 to learn from, 153 to check with, none to complain about', async () => {
  const { summary } = await openDataset(real, { validationSplit: 0.15, testSplit: 0 });
  expect(summary.classes.map(({ name }) => name)).toEqual(['ants', 'bees']);
  expect(summary.splits).toEqual({
    train: { count: 244, classes: [123, 121], origin: 'folder' },
    validation: { count: 153, classes: [70, 83], origin: 'folder' },
  });
  expect(summary.problems).toEqual([]);
});

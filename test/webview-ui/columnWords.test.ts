import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openTextDataset, type PlanOptions } from '../../src/core/data/text';
import { columnRoles, textTasks } from '../../src/protocol/data';
import type { ThawError } from '../../src/protocol/failure';
import { inTheTab } from '../../webview-ui/columnWords';
import { folderOf } from '../core/data/making';

const rows = (line: (i: number) => string) => Array.from({ length: 200 }, (_, i) => line(i)).join('\n');
const named = [...textTasks.filter((task) => task.includes('-')), ...columnRoles.filter((role) => /[A-Z]/.test(role))];

const misfits: [string, Record<string, string>, PlanOptions, RegExp][] = [
  ['no column of texts', { 'a.csv': `a\n${rows((i) => `${i * 1.7}`)}` }, {}, /has no column of texts/],
  [
    'no column for a part',
    { 'a.csv': `text,label\n${rows((i) => `text ${i},${i % 2}`)}` },
    { task: 'text-pair-classification' },
    /“Second text” of the task “Sentence pairs”/,
  ],
  ['labels that are none', { 'a.csv': `text,label\n${rows((i) => `text of ${i},${i / 7}`)}` }, {}, /another column for “Label”/],
  ['one label', { 'a.csv': `text,label\n${rows((i) => `text ${i},same`)}` }, {}, /another column for “Label”/],
  ['a folder', { 'good/a.txt': 'good', 'bad/b.txt': 'bad' }, { task: 'text-to-text' }, /for the task “Text to text”/],
];

it.each(misfits)(
  '%s: the tab calls tasks and columns as its fields do, and names no flag of the terminal',
  async (_, files, options, words) => {
    const root = await folderOf(files);
    const data = join(root, 'a.csv' in files ? 'a.csv' : '');
    const refused = await openTextDataset(data, { ...options, validationSplit: 0.2, testSplit: 0.2 }).catch((error: ThawError) => error);
    if (!('failure' in refused)) throw new Error('It was taken.');
    const { message, hint } = inTheTab(refused.failure);
    const said = `${message} ${hint}`.replaceAll(root, '');
    expect(said).toMatch(words);
    expect(said).not.toMatch(/--|terminal/);
    for (const name of named) expect(said).not.toContain(name);
  },
);

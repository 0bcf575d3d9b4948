import * as l10n from '@vscode/l10n';
import { findLookalikes, openDataset } from '../../core/data';
import { kindOfData, lengthsOf, openTextDataset } from '../../core/data/text';
import { TextTokenizer } from '../../core/text';
import type { DataSummary, Problem } from '../../protocol/data';
import { ThawError } from '../../protocol/failure';
import type { Output } from '../output';
import { bar, StatusLine } from '../statusLine';
import { integer, printable, table } from '../table';
import { columnsFrom, type TextFlags, taskFrom } from '../textFlags';
import { draftConfig } from '../trainConfig';

interface InspectFlags extends TextFlags {
  validationSplit?: string;
  testSplit?: string;
  quick?: boolean;
  tokenizer?: string;
  maxLength?: string;
}

/** Tokens of a text where a tokenizer says nothing of its model. */
const defaultLength = 512;
/** How many files of a problem are named to a person; a program gets them all. */
const namedFiles = 5;

export async function inspect(data: string, { quick, ...flags }: InspectFlags, output: Output): Promise<void> {
  const splits = { validationSplit: flags.validationSplit, testSplit: flags.testSplit };
  const { path, validationSplit, testSplit } = (await draftConfig(data, { rules: [], ...splits })).config.data;
  const columns = columnsFrom(flags);
  const status = new StatusLine();
  try {
    const texts = flags.task !== undefined || Object.keys(columns).length > 0 || (await kindOfData(path)) === 'texts';
    const summary = texts
      ? await inspectTexts(path, { validationSplit, testSplit, task: taskFrom(flags.task), columns }, flags, status)
      : await inspectPictures(path, { validationSplit, testSplit }, quick === true, status);
    status.clear();
    output.result(summary, () => summaryText(summary));
  } finally {
    status.clear();
  }
}

async function inspectTexts(
  path: string,
  options: Parameters<typeof openTextDataset>[1],
  { tokenizer: folder, maxLength }: InspectFlags,
  status: StatusLine,
): Promise<DataSummary> {
  const tokenizer = folder === undefined ? null : await TextTokenizer.open(folder);
  const limit = maxLength === undefined ? (tokenizer?.maxLength ?? defaultLength) : Number(maxLength);
  if (!Number.isInteger(limit) || limit < 1)
    throw new ThawError('config.invalid', l10n.t('--max-length: "{0}" is not a number of tokens', maxLength ?? ''), 'thaw inspect --help');
  const onRows = (rows: number) => status.show(l10n.t('{0} rows', integer(rows)));
  const dataset = await openTextDataset(path, { ...options, onRows });
  try {
    const lengths = tokenizer ? await lengthsOf(dataset, tokenizer, { maxLength: limit }) : { problems: [] };
    return { ...dataset.summary, problems: [...dataset.summary.problems, ...lengths.problems] };
  } finally {
    await dataset.close();
  }
}

async function inspectPictures(
  path: string,
  splits: { validationSplit: number; testSplit: number },
  quick: boolean,
  status: StatusLine,
): Promise<DataSummary> {
  const counted = ({ classes }: DataSummary) => integer(classes.reduce((sum, c) => sum + c.count, 0));
  const onProgress = (summary: DataSummary) => status.show(l10n.t('{0} pictures', counted(summary)));
  const dataset = await openDataset(path, { ...splits, onProgress });
  const found = quick
    ? []
    : await findLookalikes(dataset, {
        onProgress: (done, total) => status.show(`${bar(done / total)} ${l10n.t('looking at {0} of {1}', integer(done), integer(total))}`),
      });
  return { ...dataset.summary, problems: [...dataset.summary.problems, ...found] };
}

function summaryText({ task, classes, splits, problems, columns }: DataSummary): string {
  const names = Object.keys(splits) as (keyof DataSummary['splits'])[];
  const rows = [
    [classes.length > 0 ? l10n.t('class') : '', ...names, l10n.t('all')],
    ...classes.map((c, i) => [printable(c.name), ...names.map((name) => integer(splits[name]?.classes[i] ?? 0)), integer(c.count)]),
    [
      '',
      ...names.map((name) => integer(splits[name]?.count ?? 0)),
      integer(names.reduce((sum, name) => sum + (splits[name]?.count ?? 0), 0)),
    ],
  ];
  const used = columns?.filter(({ role }) => role !== null).map(({ name, role }) => `${role}: ${printable(name)}`);
  const parts = [
    ...(used ? [[task, ...used].join('  ')] : []),
    table(`l${'r'.repeat(names.length + 1)}`, rows),
    ...problems.map(problemText),
  ];
  if (problems.length === 0) parts.push(l10n.t('No problems found.'));
  return parts.join('\n\n');
}

function problemText({ severity, message, meaning, files, count }: Problem): string {
  const mark = { error: '✖', warning: '!', info: '·' }[severity];
  const named = files.slice(0, namedFiles).map((file) => `    ${printable(file)}`);
  if (count > named.length && named.length > 0) named.push(`    ${l10n.t('… and {0} more', integer(count - named.length))}`);
  return [`${mark} ${printable(message)}`, `  ${printable(meaning)}`, ...named].join('\n');
}

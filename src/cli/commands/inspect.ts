import * as l10n from '@vscode/l10n';
import { findLookalikes, openDataset } from '../../core/data';
import type { DataSummary, Problem } from '../../protocol/data';
import type { Output } from '../output';
import { bar, StatusLine } from '../statusLine';
import { integer, printable, table } from '../table';
import { draftConfig } from '../trainConfig';

interface InspectFlags {
  validationSplit?: string;
  testSplit?: string;
  quick?: boolean;
}

/** How many files of a problem are named to a person; a program gets them all. */
const namedFiles = 5;

export async function inspect(data: string, { quick, ...splits }: InspectFlags, output: Output): Promise<void> {
  const { path, validationSplit, testSplit } = (await draftConfig(data, { rules: [], ...splits })).config.data;
  const status = new StatusLine();
  const counted = ({ classes }: DataSummary) => integer(classes.reduce((sum, c) => sum + c.count, 0));
  const onProgress = (summary: DataSummary) => status.show(l10n.t('{0} pictures', counted(summary)));
  try {
    const dataset = await openDataset(path, { validationSplit, testSplit, onProgress });
    const found = quick
      ? []
      : await findLookalikes(dataset, {
          onProgress: (done, total) =>
            status.show(`${bar(done / total)} ${l10n.t('looking at {0} of {1}', integer(done), integer(total))}`),
        });
    const summary = { ...dataset.summary, problems: [...dataset.summary.problems, ...found] };
    status.clear();
    output.result(summary, () => summaryText(summary));
  } finally {
    status.clear();
  }
}

function summaryText({ classes, splits, problems }: DataSummary): string {
  const names = Object.keys(splits) as (keyof DataSummary['splits'])[];
  const rows = [
    [l10n.t('class'), ...names, l10n.t('all')],
    ...classes.map((c, i) => [printable(c.name), ...names.map((name) => integer(splits[name]?.classes[i] ?? 0)), integer(c.count)]),
    ['', ...names.map((name) => integer(splits[name]?.count ?? 0)), integer(classes.reduce((sum, c) => sum + c.count, 0))],
  ];
  const parts = [table(`l${'r'.repeat(names.length + 1)}`, rows), ...problems.map(problemText)];
  if (problems.length === 0) parts.push(l10n.t('No problems found.'));
  return parts.join('\n\n');
}

function problemText({ severity, message, meaning, files, count }: Problem): string {
  const mark = { error: '✖', warning: '!', info: '·' }[severity];
  const named = files.slice(0, namedFiles).map((file) => `    ${printable(file)}`);
  if (count > named.length && named.length > 0) named.push(`    ${l10n.t('… and {0} more', integer(count - named.length))}`);
  return [`${mark} ${printable(message)}`, `  ${printable(meaning)}`, ...named].join('\n');
}

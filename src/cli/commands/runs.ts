import { existsSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { listRuns, type RunSummary, readRecord, summarize } from '../../core/runs';
import { defaultRunsFolder } from '../../protocol/paths';
import type { RunConfig } from '../../protocol/runConfig';
import type { Output } from '../output';
import { duration, figureText, printable, table } from '../table';

/** @param dir a folder of runs, or one with `.thaw/runs` in it */
export async function runs(dir: string | undefined, output: Output): Promise<void> {
  const given = path.resolve(dir ?? '.');
  const inside = path.join(given, defaultRunsFolder);
  const folder = dir === undefined || existsSync(inside) ? inside : given;
  const found = await listRuns(folder);
  output.result(found, () => (found.length > 0 ? listText(found) : l10n.t('There are no runs in {0}', folder)));
}

export async function compare(folders: string[], output: Output): Promise<void> {
  const compared = await Promise.all(
    folders.map(async (folder) => {
      const run = path.resolve(folder);
      const { config } = await readRecord(run);
      return { ...(await summarize(run)), config };
    }),
  );
  output.result(compared, () => `${listText(compared)}\n\n${settingsText(compared)}`);
}

function listText(list: RunSummary[]): string {
  const allAccurate = list.every(({ figure }) => !figure || figure.measure === 'accuracy');
  const title = allAccurate ? l10n.t('accuracy') : l10n.t('result');
  return table('lllrrrl', [
    [l10n.t('run'), l10n.t('data'), l10n.t('state'), title, l10n.t('epochs'), l10n.t('time'), l10n.t('model')],
    ...list.map((run) => [
      run.id,
      printable(run.dataName),
      run.state,
      run.figure ? figureText(run.figure) : '–',
      `${run.epoch}/${run.epochs}`,
      duration(run.seconds),
      printable(run.model),
    ]),
  ]);
}

function settingsText(list: (RunSummary & { config: RunConfig })[]): string {
  const rates = ({ phases }: RunConfig) => phases.map((phase) => phase.learningRate).join(' ');
  const rules = ({ phases }: RunConfig) => phases.map((phase) => phase.rules.join(' ')).join(' | ');
  return table('lrrlll', [
    [l10n.t('run'), l10n.t('learning rate'), l10n.t('batch'), l10n.t('optimizer'), l10n.t('augmentation'), l10n.t('learns')],
    ...list.map(({ id, config }) => [
      id,
      rates(config),
      String(config.batchSize),
      config.optimizer.name,
      config.augmentation,
      printable(rules(config)),
    ]),
  ]);
}

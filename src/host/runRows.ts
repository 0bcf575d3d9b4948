import * as l10n from '@vscode/l10n';
import type { RunSummary } from '../core/runs';
import { hasClasses } from '../protocol/defaults';
import { type Figure, figureOf } from '../protocol/figure';
import type { Report } from '../protocol/report';
import type { Format } from './format';
import { modelTitle } from './modelTitle';
import { rulesAfter } from './panelState';
import type { RunSession } from './runSession';

export interface RunGroup {
  readonly kind: 'group';
  readonly dataPath: string;
  readonly name: string;
  readonly runs: RunRow[];
}
export interface RunRow {
  readonly kind: 'run';
  readonly summary: RunSummary;
  /** Whether a process works on it that this window is connected to. */
  readonly live: boolean;
}

/** Runs by data set, newest first; live ones as this window's sessions know them. */
export function runGroups(summaries: readonly RunSummary[], session: (path: string) => RunSession | undefined): RunGroup[] {
  const groups = new Map<string, RunGroup>();
  for (const summary of summaries) {
    const open = session(summary.path);
    const name = summary.dataName || l10n.t('unreadable');
    const group: RunGroup = groups.get(summary.dataPath) ?? { kind: 'group', dataPath: summary.dataPath, name, runs: [] };
    group.runs.push({ kind: 'run', summary: open ? liveSummary(summary, open) : summary, live: open?.live ?? false });
    groups.set(summary.dataPath, group);
  }
  return [...groups.values()];
}

/** What a session knows is newer than what was read from disk. */
function liveSummary(summary: RunSummary, session: RunSession): RunSummary {
  const { epoch, figure } = progressOf(session);
  return { ...summary, state: session.state, epoch: epoch || summary.epoch, figure: figure ?? summary.figure };
}

/** The epoch that a run is in (0 before the first), and its last figure: on validation, at the end on the test set. */
export function progressOf(session: RunSession): { epoch: number; figure: Figure | null } {
  const { task } = session.record.config.data;
  let epoch = 0;
  for (let i = session.events.length - 1; i >= 0; i--) {
    const event = session.events[i];
    if (event?.type === 'finished') {
      const evaluation = event.report.test ?? event.report.validation;
      return { epoch: session.epochs, figure: evaluation && figureOf(task, evaluation) };
    }
    if (!epoch && (event?.type === 'step' || event?.type === 'epoch')) epoch = event.epoch;
    if (event?.type === 'epoch' && event.validation) return { epoch, figure: figureOf(task, event.validation) };
  }
  return { epoch, figure: null };
}

/** "92.7 % · epoch 6 of 12", "perplexity 14.05 · 2 h", "failed · 1 d". */
export function runDescription({ state, figure: known, epoch, epochs, created }: RunSummary, format: Format): string {
  const figure = known && format.figure(known);
  const age = format.age(Date.parse(created));
  const parts = (() => {
    switch (state) {
      case 'preparing':
        return [l10n.t('preparing')];
      case 'training':
        return [figure, l10n.t('epoch {0} of {1}', epoch, epochs)];
      case 'paused':
        return [figure, l10n.t('paused'), age];
      case 'finished':
        return [figure, age];
      case 'stopped':
        return [figure, l10n.t('stopped'), age];
      case 'failed':
        return [l10n.t('failed'), age];
      case 'ended':
        return [figure, l10n.t('interrupted'), age];
    }
  })();
  return parts.filter((part) => part !== null).join(' · ');
}

/** "vehicles: epoch 6 of 12 · 92.7 %", "tales: epoch 1 of 3 · perplexity 14.05" while it trains. */
export function trainingText(session: RunSession, format: Format): string {
  const { epoch, figure } = progressOf(session);
  const { title, epochs } = session;
  const where = epoch ? l10n.t('{0}: epoch {1} of {2}', title, epoch, epochs) : l10n.t('{0}: preparing', title);
  return figure ? `${where} · ${format.figure(figure)}` : where;
}

/** How good a run has become, in a sentence. */
export function finishedText(
  { title, record }: Pick<RunSession, 'title' | 'record'>,
  { test, validation }: Report,
  format: Format,
): string {
  const evaluation = test ?? validation;
  if (!evaluation) return l10n.t('“{0}” has finished training.', title);
  const figure = figureOf(record.config.data.task, evaluation);
  switch (figure.measure) {
    case 'accuracy': {
      const right = format.percent(figure.accuracy);
      return test
        ? l10n.t('“{0}” has finished training: {1} of the test set right.', title, right)
        : l10n.t('“{0}” has finished training: {1} of the validation set right.', title, right);
    }
    case 'perplexity':
    case 'written':
      return test
        ? l10n.t('“{0}” has finished training: {1} on the test set.', title, format.figure(figure))
        : l10n.t('“{0}” has finished training: {1} on the validation set.', title, format.figure(figure));
  }
}

/** Runs side by side, as a Markdown table. */
export function comparison(sessions: readonly RunSession[], format: Format): string {
  const cell = (value: string | number) => String(value).replaceAll('|', '\\|');
  const columns: [string, (session: RunSession) => string | number][] = [
    [l10n.t('Run'), (session) => session.record.id],
    [l10n.t('Data'), (session) => session.title],
    [l10n.t('Model'), (session) => modelTitle(session.record.model.id)],
    [l10n.t('State'), (session) => stateWord(session.state)],
    [
      allAccurate(sessions) ? l10n.t('Accuracy') : l10n.t('Result'),
      (session) => {
        const { figure } = progressOf(session);
        return figure ? format.figure(figure) : '–';
      },
    ],
    [l10n.t('Epochs'), (session) => `${progressOf(session).epoch} / ${session.epochs}`],
    [l10n.t('Batch size'), (session) => session.record.config.batchSize],
    [l10n.t('Learning rate'), (session) => session.record.config.phases[0]?.learningRate ?? ''],
    [
      l10n.t('Learns'),
      (session) =>
        rulesOf(session)
          .map((rule) => `\`${rule}\``)
          .join(' '),
    ],
    [l10n.t('Seed'), (session) => session.record.config.seed],
    [l10n.t('Time'), (session) => format.duration(((session.events.at(-1)?.time ?? 0) - (session.events[0]?.time ?? 0)) / 1000)],
  ];
  const line = (cells: (string | number)[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [
    line(columns.map(([title]) => title)),
    line(columns.map(() => '---')),
    ...sessions.map((session) => line(columns.map(([, value]) => value(session)))),
  ].join('\n');
}

function rulesOf(session: RunSession): string[] {
  return rulesAfter(session.events) ?? session.record.config.phases[0]?.rules ?? [];
}

/** Whether all are measured by how many examples they tell right. */
function allAccurate(sessions: readonly RunSession[]): boolean {
  return sessions.every((session) => hasClasses(session.record.config.data.task));
}

export function stateWord(state: RunSummary['state']): string {
  switch (state) {
    case 'preparing':
      return l10n.t('preparing');
    case 'training':
      return l10n.t('training');
    case 'paused':
      return l10n.t('paused');
    case 'finished':
      return l10n.t('finished');
    case 'stopped':
      return l10n.t('stopped');
    case 'failed':
      return l10n.t('failed');
    case 'ended':
      return l10n.t('interrupted');
  }
}

import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { newRunFolder, readRecord } from '../../core/runs';
import type { Preparing, RunHandle } from '../../core/training';
import type { Task } from '../../protocol/data';
import { exitCode } from '../../protocol/failure';
import { defaultRunsFolder, runFiles } from '../../protocol/paths';
import type { Report } from '../../protocol/report';
import type { RunConfig } from '../../protocol/runConfig';
import { endOnUncaught } from '../../trainer/crash';
import { type OnEvent, openSession, type SessionSpec } from '../../trainer/session';
import { evaluationText } from '../evaluationText';
import { atInterrupt } from '../interrupt';
import { describeFailure, type Output } from '../output';
import { RunProgress } from '../runProgress';
import { duration, size } from '../table';
import { draftConfig, type TrainFlags } from '../trainConfig';

const runsFolder = path.resolve(defaultRunsFolder);

/** @returns the exit code */
export async function train(data: string | undefined, flags: TrainFlags, output: Output): Promise<number> {
  const draft = await draftConfig(data, flags);
  const { modelsFolder } = await import('../../core/weights');
  const { completeConfig } = await import('../learning');
  const { beginRun } = await import('../../core/training');
  const places = { modelsFolder: modelsFolder(), runsFolder };
  const { config, notes } = await completeConfig(draft, flags.rules, places);
  for (const note of notes) output.note(note);
  const folder = flags.out === undefined ? newRunFolder(runsFolder, path.basename(config.data.path)) : path.resolve(flags.out);
  return follow(
    { folder, mode: 'begin', idleMinutes: 0, start: (told) => beginRun(config, { folder, ...places, ...told }) },
    config,
    output,
  );
}

/** @returns the exit code */
export async function resume(run: string, output: Output): Promise<number> {
  const folder = path.resolve(run);
  const { config } = await readRecord(folder);
  const { resumeRun } = await import('../../core/training');
  const { modelsFolder } = await import('../../core/weights');
  const places = { modelsFolder: modelsFolder(), runsFolder };
  return follow({ folder, mode: 'resume', idleMinutes: 0, start: (told) => resumeRun(folder, { ...places, ...told }) }, config, output);
}

/** How a run is begun or resumed that tells how far its preparation is, and may be ended in it. */
interface Following extends Omit<SessionSpec, 'start'> {
  start(told: Preparing & { readonly onEvent: OnEvent }): Promise<RunHandle>;
}

/** Trains to the end in this process, showing what happens; windows may attach meanwhile. */
async function follow({ start, ...spec }: Following, config: RunConfig, output: Output): Promise<number> {
  endOnUncaught();
  const progress = new RunProgress(config);
  const preparing = new AbortController();
  let begun = false;
  const session = openSession({
    ...spec,
    start: async (onEvent) => {
      const run = await start({ onEvent, signal: preparing.signal, onPrepared: (prepared) => progress.prepared(prepared) });
      begun = true;
      return run;
    },
    onEvent: (event) => {
      output.line(event);
      progress.show(event);
    },
  });
  const interruption = atInterrupt(async () => {
    preparing.abort();
    if (begun) output.note(l10n.t('Writing a checkpoint. Press again to end at once.'));
    await (await session).run.checkpointAndEnd();
  });
  output.onClosed = interruption.ask;
  try {
    const { run, ended } = await session;
    const last = await ended;
    progress.end();
    switch (last.type) {
      case 'finished':
        output.summary(finishedText(last.run, last.report, (await readRecord(last.run)).config.data.task));
        return 0;
      case 'stopped':
        output.note(l10n.t('Stopped after step {0}. The run is in {1}', last.step, run.folder));
        return 0;
      case 'failed':
        output.note(describeFailure(last.error));
        return exitCode(last.error.code);
      default:
        output.note(l10n.t('Go on with: thaw resume {0}', path.relative('', run.folder) || '.'));
        return interruption.asked() ? 130 : 0;
    }
  } finally {
    progress.end();
    interruption.dispose();
  }
}

/** The accuracy, its classes, what it took, and what to do with it. */
function finishedText(folder: string, report: Report, task: Task): string {
  const scores = report.test
    ? evaluationText('test', task, report.test)
    : report.validation
      ? evaluationText('validation', task, report.validation)
      : l10n.t('There was neither a test set nor a validation set.');
  const { timings, frozen, best } = report;
  const run = path.relative('', folder) || '.';
  return [
    '',
    scores,
    '',
    l10n.t('{0}, at most {1} of memory; best after epoch {2}.', duration(timings.total), size(report.peakMemoryBytes), best.epoch),
    ...(frozen.count > 0 ? [l10n.t('{0} frozen tensors kept every byte.', frozen.count)] : []),
    '',
    `${l10n.t('Run')}    ${run}`,
    `${l10n.t('Model')}  ${path.join(run, runFiles.model)}`,
    `${l10n.t('Next')}   ${next(run, task)}`,
  ].join('\n');
}

/** How the model is asked. */
function next(run: string, task: Task): string {
  switch (task) {
    case 'image-classification':
      return `thaw predict ${run} PICTURE`;
    case 'text-classification':
      return `echo 'TEXT' | thaw predict ${run}`;
    case 'text-pair-classification':
      return `printf 'TEXT\\tTEXT' | thaw predict ${run}`;
    case 'causal-lm':
    case 'text-to-text':
      return `thaw generate ${run} --prompt 'TEXT'`;
    case 'chat':
      return `thaw generate ${run} --prompt 'TEXT' --chat`;
  }
}

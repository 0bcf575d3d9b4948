import { rm } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { version } from '../../../package.json';
import { type RunEvent, type RunEventBody, type RunState, stateAfter } from '../../protocol/events';
import { ThawError } from '../../protocol/failure';
import { type RunConfig, type RunRecord, runConfigVersion } from '../../protocol/runConfig';
import { createEngine, type Engine } from '../engine';
import { liveProcess, RunFolder, requireNewFolder } from '../runs';
import { exactId } from '../weights';
import { spillFile } from './features';
import { digestsOf } from './frozen';
import { type RunHandle, start } from './handle';
import type { Preparing } from './preparing';
import { firstProgress } from './progress';
import { select } from './selection';
import { silentLayersWarning } from './silentLayers';
import { Slots, slotKinds } from './slots';
import { beginning, standingOf } from './standing';
import { openSubject } from './subject/open';
import type { Subject } from './subject/subject';

export interface RunPlaces extends Preparing {
  readonly modelsFolder: string;
  /** Where earlier runs are, for a model that is named by a run's id. */
  readonly runsFolder?: string;
  /** Hears every event after it was written to the run folder. */
  onEvent(event: RunEvent): void;
}

/**
 * Looks at data and model, makes the run folder and begins to train. Nothing is written before both are found good.
 * @returns once training is under way; what happens then is told by events and `done`
 * @throws ThawError `run.exists`, `config.invalid`, `data.*`, `model.*`, `engine.missing`.
 */
export async function beginRun(
  given: RunConfig,
  { folder, onEvent, ...places }: RunPlaces & { readonly folder: string },
): Promise<RunHandle> {
  await requireNewFolder(folder);
  const starting = createEngine(given.engine, { threads: given.threads, device: given.device });
  starting.catch(() => {}); // told below, unless the data fail first
  const config = { ...given, model: await exactId(given.model, places) };
  const subject = await openSubject(config, places);
  return orClose(subject, async () => {
    const { examples, model, base } = subject;
    for (const { rules } of config.phases) select(model, rules); // refuses rules that say nothing about this model
    const { tensors, sha256 } = await subject.load();
    const engine = await starting;
    const record: RunRecord = {
      version: runConfigVersion,
      id: basename(resolve(folder)),
      created: new Date().toISOString(),
      config,
      dataFingerprint: examples.summary.fingerprint,
      classes: [...examples.classes],
      model: { id: base.id, family: base.family, source: base.source, licence: base.licence, sha256 },
      versions: {
        thaw: version,
        node: process.versions.node,
        [engine.name]: engine.version,
        platform: `${process.platform}-${process.arch}`,
      },
      threads: engine.threads,
      device: engine.device,
    };
    const run = await RunFolder.create(folder, record);
    return start({
      folder: run,
      subject,
      engine,
      tensors,
      slots: new Slots(slotKinds(config.optimizer)),
      at: firstProgress(digestsOf(tensors)),
      onEvent,
      first: [...opening(run, subject), ...warnings(engine), ...silentLayersWarning(subject.model), ...subject.warnings],
    });
  });
}

/** What a subject holds open is let go where the work on it fails before a run has it. */
async function orClose<T>({ examples }: Subject, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await examples.close();
    throw error;
  }
}

/** What every run says first. */
function opening({ path, record }: RunFolder, { examples, model }: Subject): RunEventBody[] {
  const { classes, splits, problems } = examples.summary;
  const { parameters, trainableParameters } = select(model, record.config.phases[0]?.rules ?? []);
  return [
    { type: 'started', run: path, config: record.config },
    { type: 'data', classes, splits, problems },
    { type: 'model', id: record.model.id, parameters, trainableParameters },
  ];
}

function warnings(engine: Engine): RunEventBody[] {
  return engine.warnings.map((warning) => ({ type: 'warning', ...warning }));
}

/**
 * Goes on with a run from its last whole checkpoint, or from the beginning where there is none. What was said after that
 * checkpoint is taken back.
 * @throws ThawError `run.missing`, `run.corrupt`, `run.busy`, `config.newer`, `data.changed`, `usage` for a finished run, and
 *   what `beginRun` throws.
 */
export async function resumeRun(path: string, { onEvent, ...places }: RunPlaces): Promise<RunHandle> {
  const live = await liveProcess(path);
  if (live && live.pid !== process.pid)
    throw new ThawError(
      'run.busy',
      l10n.t('Another process is working on this run.'),
      l10n.t('Open the run to watch it, or stop it first.'),
      { path },
    );
  const folder = await RunFolder.open(path);
  try {
    return await resumeFolder(folder, places, onEvent);
  } catch (error) {
    folder.close();
    throw error;
  }
}

async function resumeFolder(folder: RunFolder, places: Omit<RunPlaces, 'onEvent'>, onEvent: RunPlaces['onEvent']): Promise<RunHandle> {
  const { record, path } = folder;
  const { config } = record;
  if (folder.events().reduce<RunState>(stateAfter, 'preparing') === 'finished')
    throw new ThawError(
      'usage',
      l10n.t('This run has finished: there is nothing to resume.'),
      l10n.t('Start a new run with this one as its model.'),
      { path },
    );
  const engine = await createEngine(config.engine, { threads: record.threads, device: record.device });
  const subject = await openSubject(config, places);
  return orClose(subject, async () => {
    if (subject.examples.summary.fingerprint !== record.dataFingerprint)
      throw new ThawError(
        'data.changed',
        l10n.t('The examples are no longer those that the run began with.'),
        l10n.t('Put the folder back as it was, or start a new run with this one as its model.'),
        { path: config.data.path },
      );
    const checkpoint = await folder.latestCheckpoint();
    const { tensors, slots, at } = checkpoint ? await standingOf(checkpoint, record, subject) : await beginning(record, subject);
    const first = opening(folder, subject);
    folder.truncateAfter(checkpoint ? at.seq : first.length);
    await folder.clearResult();
    await rm(join(path, spillFile), { force: true });
    const missing = first.slice(folder.seq);
    return start({
      folder,
      subject,
      engine,
      tensors,
      slots,
      at,
      onEvent,
      first: [
        ...missing,
        { type: 'resumed', step: at.step, epoch: at.epoch + 1 },
        ...warnings(engine),
        ...silentLayersWarning(subject.model),
      ],
    });
  });
}

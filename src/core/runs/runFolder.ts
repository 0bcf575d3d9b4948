import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { RunEvent, RunEventBody } from '../../protocol/events';
import { ThawError } from '../../protocol/failure';
import { runFiles } from '../../protocol/paths';
import type { Prediction, Report } from '../../protocol/report';
import type { RunRecord } from '../../protocol/runConfig';
import { type Checkpoint, checkpointOf, latestCheckpoint, pruneCheckpoints, writeCheckpoint } from './checkpoints';
import { replaceFile } from './durable';
import { EventLog, readEvents } from './eventLog';
import { linesOf } from './predictions';
import { readRecord } from './read';

/** What the process that is about to begin the run may have put there already. */
const allowed: ReadonlySet<string> = new Set([runFiles.log, runFiles.process]);

/**
 * Refuses a folder that holds anything but a log.
 * @throws ThawError `run.exists`.
 */
export async function requireNewFolder(path: string): Promise<void> {
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return [''];
    throw error;
  });
  if (entries.some((name) => !allowed.has(name)))
    throw new ThawError(
      'run.exists',
      l10n.t('The folder for the run is not empty.'),
      l10n.t('Choose another folder, or resume the run that is there.'),
      { path },
    );
}

/** A run folder in the hands of the one process that works on it. */
export class RunFolder {
  private constructor(
    /** Absolute. */
    readonly path: string,
    readonly record: RunRecord,
    private readonly log: EventLog,
  ) {}

  /**
   * Makes the folder with its run.json.
   * @throws ThawError `run.exists` where it holds anything already.
   */
  static async create(path: string, record: RunRecord): Promise<RunFolder> {
    const folder = resolve(path);
    await requireNewFolder(folder);
    await mkdir(folder, { recursive: true });
    await replaceFile(join(folder, runFiles.record), `${JSON.stringify(record, null, 2)}\n`);
    return new RunFolder(folder, record, EventLog.open(join(folder, runFiles.events)));
  }

  /** @throws ThawError `run.missing`, `run.corrupt`, `config.newer`. */
  static async open(path: string): Promise<RunFolder> {
    const folder = resolve(path);
    const record = await readRecord(folder);
    return new RunFolder(folder, record, EventLog.open(join(folder, runFiles.events)));
  }

  /** Number of the last event. */
  get seq(): number {
    return this.log.seq;
  }

  /** Numbers, dates and writes an event; only then may it be told to anybody. */
  append(body: RunEventBody): RunEvent {
    return this.log.append(body);
  }

  events(): RunEvent[] {
    return readEvents(join(this.path, runFiles.events));
  }

  /** Forgets what was said after event `seq`: the run goes on from there. */
  truncateAfter(seq: number): void {
    this.log.truncateAfter(seq);
  }

  /**
   * Writes `checkpoints/step-N/` whole or not at all, then removes all but the last two and that of step `best`.
   * @returns its path.
   */
  async writeCheckpoint(step: number, files: ReadonlyMap<string, Uint8Array>, state: object, best: number | null): Promise<string> {
    const folder = join(this.path, runFiles.checkpoints);
    const path = await writeCheckpoint(folder, step, files, state);
    await pruneCheckpoints(folder, best);
    return path;
  }

  /** The newest whole checkpoint; broken ones are passed over. */
  latestCheckpoint(): Promise<Checkpoint | null> {
    return latestCheckpoint(join(this.path, runFiles.checkpoints));
  }

  checkpointOf(step: number): Promise<Checkpoint | null> {
    return checkpointOf(join(this.path, runFiles.checkpoints), step);
  }

  async writeReport(report: Report, predictions: Iterable<Prediction>): Promise<void> {
    await replaceFile(join(this.path, runFiles.predictions), linesOf(predictions));
    await replaceFile(join(this.path, runFiles.report), `${JSON.stringify(report, null, 2)}\n`);
  }

  /** Removes what an earlier ending left, before the run goes on. */
  async clearResult(): Promise<void> {
    for (const name of [runFiles.report, runFiles.predictions, runFiles.adapter])
      await rm(join(this.path, name), { force: true, recursive: true });
  }

  close(): void {
    this.log.close();
  }
}

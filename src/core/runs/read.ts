import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { z } from 'zod';
import type { RunEvent } from '../../protocol/events';
import { ThawError } from '../../protocol/failure';
import { runFiles } from '../../protocol/paths';
import { type Prediction, predictionSchema, type Report, reportSchema } from '../../protocol/report';
import { type RunRecord, runRecordSchema } from '../../protocol/runConfig';
import { mistakes, refuseNewer } from './config';
import { readEvents } from './eventLog';
import { readPredictions } from './predictions';

/** A run folder as anybody may read it, also while it is written. */
export interface RunContents {
  readonly record: RunRecord;
  readonly events: RunEvent[];
  readonly report: Report | null;
  /** Of very many, those that are looked at (predictions.ts). */
  readonly predictions: Prediction[];
}

function corrupt(path: string, detail: string): ThawError {
  return new ThawError(
    'run.corrupt',
    l10n.t('A file of the run is damaged.'),
    l10n.t('Delete the run, or put the file back from a copy.'),
    { path, detail },
  );
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw corrupt(path, String(error));
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw corrupt(path, mistakes(parsed.error));
  return parsed.data;
}

/** The text of a file, null where there is none. */
async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

/**
 * run.json of a run folder.
 * @throws ThawError `run.missing` where there is none, `config.newer`, `run.corrupt` naming the file.
 */
export async function readRecord(folder: string): Promise<RunRecord> {
  const path = join(folder, runFiles.record);
  const text = await textOf(path);
  if (text === null)
    throw new ThawError(
      'run.missing',
      l10n.t('There is no run in this folder.'),
      l10n.t('A run folder holds run.json. List the runs with "thaw runs".'),
      { path: folder },
    );
  const value = parseJson(text, path);
  refuseNewer(value, path);
  refuseNewer((value as { config?: unknown } | null)?.config, path);
  return checked(runRecordSchema, value, path);
}

/** report.json, null while there is none. @throws ThawError `run.corrupt`. */
export async function readReport(folder: string): Promise<Report | null> {
  const path = join(folder, runFiles.report);
  const text = await textOf(path);
  return text === null ? null : checked(reportSchema, parseJson(text, path), path);
}

/**
 * All that a run folder says. A torn last line of events is passed over.
 * @throws ThawError `run.missing`, `run.corrupt`, `config.newer`.
 */
export async function readRun(folder: string): Promise<RunContents> {
  const predictionsPath = join(folder, runFiles.predictions);
  const parse = (line: string) => checked(predictionSchema, parseJson(line, predictionsPath), predictionsPath);
  const [record, report, predictions] = await Promise.all([
    readRecord(folder),
    readReport(folder),
    readPredictions(predictionsPath, parse),
  ]);
  return {
    record,
    events: readEvents(join(folder, runFiles.events)),
    report,
    predictions,
  };
}

import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type RunEvent, type RunState, runEventSchema, stateAfter } from '../../protocol/events';
import { type Figure, figureOf } from '../../protocol/figure';
import { runFiles } from '../../protocol/paths';
import { liveProcess } from './process';
import { readRecord, readReport } from './read';

/** A line in a list of runs. */
export interface RunSummary {
  path: string;
  id: string;
  /** ISO 8601. */
  created: string;
  dataPath: string;
  dataName: string;
  model: string;
  /** `ended`: it neither finished nor is a process there; it can be resumed. */
  state: RunState | 'ended';
  /** On the test set; before that, or without one, on validation. Of a language model, the tokens that it told right. */
  accuracy: number | null;
  /** What the run is known by, measured on the same examples. */
  figure: Figure | null;
  /** The last that was begun, 1 is the first; 0 before. */
  epoch: number;
  epochs: number;
  /** From the beginning to the last event. */
  seconds: number;
}

/** Enough for some minutes of a run's events. */
const tailBytes = 128 * 1024;

/** The folder for a new run: `vehicles-2026-11-23-143012`, in characters that every file system takes, and not there yet. */
export function newRunFolder(runsFolder: string, dataName: string, now = new Date()): string {
  const name = dataName
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
  const two = (n: number) => String(n).padStart(2, '0');
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const path = join(runsFolder, `${name || 'run'}-${date}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`);
  let free = path;
  for (let i = 2; existsSync(free); i++) free = `${path}-${i}`;
  return free;
}

/** The runs in a folder, newest first. One that cannot be read is listed as failed; opening it says why. */
export async function listRuns(runsFolder: string): Promise<RunSummary[]> {
  const entries = await readdir(runsFolder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => join(runsFolder, entry.name));
  const runs = await Promise.all(folders.filter((path) => existsSync(join(path, runFiles.record))).map(summarize));
  return runs.sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0));
}

/** One run's summary, from its small files and the end of its events. */
export async function summarize(path: string): Promise<RunSummary> {
  try {
    return await summaryOf(path);
  } catch {
    const created = await stat(path).then(
      (found) => found.birthtime.toISOString(),
      () => '',
    );
    const unknown = { dataPath: '', dataName: '', model: '', accuracy: null, figure: null, epoch: 0, epochs: 0, seconds: 0 };
    return { path, id: basename(path), created, state: 'failed', ...unknown };
  }
}

async function summaryOf(path: string): Promise<RunSummary> {
  const [record, report, events] = await Promise.all([readRecord(path), readReport(path), lastEvents(join(path, runFiles.events))]);
  const { config } = record;
  const state = events.reduce<RunState>(stateAfter, 'preparing');
  const over = state === 'finished' || state === 'stopped' || state === 'failed' || state === 'paused';
  const validated = events.findLast((event) => event.type === 'epoch');
  const position = events.findLast((event) => event.type === 'step' || event.type === 'epoch' || event.type === 'resumed');
  const epochs = config.phases.reduce((sum, phase) => sum + phase.epochs, 0);
  const last = events.at(-1);
  const scores = report?.test ?? report?.validation ?? validated?.validation ?? null;
  return {
    path,
    id: record.id,
    created: record.created,
    dataPath: config.data.path,
    dataName: basename(config.data.path),
    model: record.model.id,
    state: over || (await liveProcess(path)) ? state : 'ended',
    accuracy: scores?.accuracy ?? null,
    figure: scores && figureOf(config.data.task, scores),
    epoch: position?.epoch ?? 0,
    epochs,
    seconds: last ? Math.max(0, (last.time - Date.parse(record.created)) / 1000) : 0,
  };
}

/** The last events of a file, without reading the rest of it. Lines that cannot be read are passed over. */
async function lastEvents(path: string): Promise<RunEvent[]> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const lines = buffer.subarray(0, bytesRead).toString('utf8').split('\n');
    return lines.flatMap((line) => {
      try {
        return runEventSchema.safeParse(JSON.parse(line)).data ?? [];
      } catch {
        return [];
      }
    });
  } finally {
    await file.close();
  }
}

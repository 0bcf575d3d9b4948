import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, vi } from 'vitest';
import { parseRunConfig } from '../../../src/core/runs';
import { beginRun, type RunHandle, resumeRun } from '../../../src/core/training';
import { Stage } from '../../../src/core/training/stage';
import type { RunEvent, RunEventOf } from '../../../src/protocol/events';
import { type Evaluation, isOfClasses } from '../../../src/protocol/report';
import type { RunConfig, RunConfigInput } from '../../../src/protocol/runConfig';
import { drawPictures } from './pictures';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'thaw-training-'));
  folders.push(folder);
  return folder;
}

/** Small pictures, drawn once for a test file. */
export const pictures = (each = 12) => drawPictures(join(newFolder(), 'data'), { each });

export function configFor(data: string, more: Partial<RunConfigInput> = {}): RunConfig {
  return parseRunConfig({
    data: { path: data },
    model: 'convnet_small',
    phases: [{ epochs: 3, learningRate: 0.003, rules: ['**'] }],
    batchSize: 10,
    imageSize: 32,
    seed: 7,
    threads: 1,
    ...more,
  });
}

export interface Recorded {
  readonly folder: string;
  readonly handle: RunHandle;
  readonly events: RunEvent[];
}

/** What to ask of a run: when it says something, and once a step (counted from 1 over all resumes) is done. */
export interface Script {
  readonly hears?: (event: RunEvent, handle: RunHandle) => void;
  readonly after?: Readonly<Record<number, (handle: RunHandle) => void>>;
  /** While a step is made from several batches: after each of them. */
  readonly amid?: Readonly<Record<number, (handle: RunHandle) => void>>;
}

export function begin(config: RunConfig, script: Script = {}, folder = join(newFolder(), 'run')): Promise<Recorded> {
  return record(folder, script, (onEvent) => beginRun(config, { folder, modelsFolder: '/nowhere', onEvent }));
}

export function resume(folder: string, script: Script = {}): Promise<Recorded> {
  return record(folder, script, (onEvent) => resumeRun(folder, { modelsFolder: '/nowhere', onEvent }));
}

/** Steps are told at most ten times a second, so a script listens to the compiled step itself. One run goes at a time. */
let steps = 0;
let scripted: { script: Script; handle: RunHandle } | null = null;
const { train, apply, add } = Stage.prototype;
function counted<T>(result: T): T {
  steps++;
  if (scripted) scripted.script.after?.[steps]?.(scripted.handle);
  return result;
}
vi.spyOn(Stage.prototype, 'train').mockImplementation(async function (this: Stage, batch) {
  return counted(await train.call(this, batch));
});
vi.spyOn(Stage.prototype, 'apply').mockImplementation(async function (this: Stage, weight, learningRate) {
  return counted(await apply.call(this, weight, learningRate));
});
vi.spyOn(Stage.prototype, 'add').mockImplementation(async function (this: Stage, batch) {
  const result = await add.call(this, batch);
  if (scripted) scripted.script.amid?.[steps + 1]?.(scripted.handle);
  return result;
});

async function record(folder: string, script: Script, open: (onEvent: (event: RunEvent) => void) => Promise<RunHandle>): Promise<Recorded> {
  const events: RunEvent[] = [];
  steps = 0;
  scripted = null;
  const handle = await open((event) => {
    events.push(event);
    if (event.type === 'resumed') steps = event.step;
    if (scripted) script.hears?.(event, scripted.handle);
  });
  scripted = { script, handle };
  return { folder, handle, events };
}

/** Begins a run and waits for its end. */
export async function finished(config: RunConfig, script?: Script): Promise<Recorded> {
  const run = await begin(config, script);
  await run.handle.done;
  return run;
}

export function of<T extends RunEvent['type']>(events: readonly RunEvent[], type: T): RunEventOf<T>[] {
  return events.filter((event): event is RunEventOf<T> => event.type === type);
}

export function weightsHash(folder: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, 'model', 'model.safetensors')))
    .digest('hex');
}

/** Of a classifier. */
export function confusionOf(evaluation: Evaluation | null | undefined): number[][] {
  if (!evaluation || !isOfClasses(evaluation)) throw new Error('No classes were judged.');
  return evaluation.confusion;
}

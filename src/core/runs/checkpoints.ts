import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { flushFolder, writeFlushed } from './durable';

/** A complete checkpoint on disk; `state` is its state.json. */
export interface Checkpoint {
  readonly step: number;
  readonly path: string;
  readonly state: Record<string, unknown>;
}

const stateFile = 'state.json';
const finished = /^step-(\d+)(\.old)?$/;

/**
 * Writes `folder/step-N/` so that it is there whole or not at all: aside, every file flushed, renamed, the folder flushed.
 * state.json also lists the sizes of the other files, by which a damaged checkpoint is known.
 */
export async function writeCheckpoint(
  folder: string,
  step: number,
  files: ReadonlyMap<string, Uint8Array>,
  state: object,
): Promise<string> {
  const path = join(folder, `step-${step}`);
  const aside = `${path}.tmp`;
  await mkdir(folder, { recursive: true });
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside);
  for (const [name, bytes] of files) await writeFlushed(join(aside, name), bytes);
  const sizes = Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.byteLength]));
  await writeFlushed(join(aside, stateFile), JSON.stringify({ ...state, files: sizes }));
  await flushFolder(aside);
  // The same step may be written twice (a pause at the end of an epoch). The first stays readable as `.old` until the second is there.
  const old = `${path}.old`;
  await rm(old, { recursive: true, force: true });
  const replaces = await rename(path, old).then(
    () => true,
    () => false,
  );
  await rename(aside, path);
  await flushFolder(folder);
  if (replaces) await rm(old, { recursive: true, force: true });
  return path;
}

/** Removes all but the last two checkpoints and the one of step `best`. */
export async function pruneCheckpoints(folder: string, best: number | null): Promise<void> {
  const steps = (await names(folder)).map(({ step }) => step).filter((step, i, all) => all.indexOf(step) === i);
  for (const { name, step } of await names(folder)) {
    if (steps.indexOf(step) >= 2 && step !== best) await rm(join(folder, name), { recursive: true, force: true });
  }
}

/** The newest checkpoint that is whole, or null. */
export async function latestCheckpoint(folder: string): Promise<Checkpoint | null> {
  for (const { name } of await names(folder)) {
    const found = await readCheckpoint(join(folder, name));
    if (found) return found;
  }
  return null;
}

/** The checkpoint of a step, or null where it is absent or damaged. */
export async function checkpointOf(folder: string, step: number): Promise<Checkpoint | null> {
  for (const { name } of (await names(folder)).filter((entry) => entry.step === step)) {
    const found = await readCheckpoint(join(folder, name));
    if (found) return found;
  }
  return null;
}

/** Names of finished checkpoints, newest first, a replaced one after the one that replaces it. */
async function names(folder: string): Promise<{ name: string; step: number }[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries
    .flatMap((name) => {
      const match = finished.exec(name);
      return match ? [{ name, step: Number(match[1]) }] : [];
    })
    .sort((a, b) => b.step - a.step || a.name.length - b.name.length);
}

async function readCheckpoint(path: string): Promise<Checkpoint | null> {
  try {
    const state = JSON.parse(await readFile(join(path, stateFile), 'utf8')) as Record<string, unknown>;
    const sizes = Object.entries(state.files as Record<string, number>);
    for (const [name, size] of sizes) if ((await stat(join(path, name))).size !== size) return null;
    const step = Number(finished.exec(path.split(/[\\/]/).pop() as string)?.[1]);
    return { step, path, state };
  } catch {
    return null; // damaged, or deleted: an earlier one will do
  }
}

import { open, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { liveProcess, readRecord, writeProcess } from '../core/runs';
import { ThawError } from '../protocol/failure';
import { runFiles } from '../protocol/paths';
import { runProcessSchema } from '../protocol/trainer';

/** Looking and writing take milliseconds; a lock as old as this was left by a process that died in between. */
const staleMs = 10_000;

/**
 * Makes this process the one that works on a run folder, and says in it where it listens.
 * @throws ThawError `run.busy` where another process is at it; `run.missing`.
 */
export async function claim(folder: string, address: string): Promise<void> {
  await readRecord(folder);
  const lock = join(folder, 'process.lock');
  if (!(await locked(lock)) && !((await isStale(lock)) && (await locked(lock)))) throw busy(folder);
  try {
    if (await liveProcess(folder)) throw busy(folder);
    await sweep(folder);
    await writeProcess(folder, address);
  } finally {
    await rm(lock, { force: true });
  }
}

/** A process that was killed leaves its socket behind, in a folder of its own. */
async function sweep(folder: string): Promise<void> {
  try {
    const { address } = runProcessSchema.parse(JSON.parse(await readFile(join(folder, runFiles.process), 'utf8')));
    if (!(await stat(address)).isSocket()) return;
    await rm(address);
    await rmdir(dirname(address));
  } catch {
    // There is none, or it is not ours to remove.
  }
}

async function locked(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => null);
  if (found && Date.now() - found.mtimeMs < staleMs) return false;
  await rm(path, { force: true });
  return true;
}

function busy(folder: string): ThawError {
  return new ThawError(
    'run.busy',
    l10n.t('Another process is working on this run.'),
    l10n.t('Open the run to watch it, or stop it first.'),
    { path: folder },
  );
}

import { readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import { isAlive, liveProcess, readRecord, writeProcess } from '../core/runs';
import { ThawError } from '../protocol/failure';
import { runFiles } from '../protocol/paths';
import { runProcessSchema } from '../protocol/trainer';

/** Looking and writing take milliseconds; a lock as old as this without a name in it was left by a process that died. */
const staleMs = 10_000;

/**
 * Makes this process the one that works on a run folder, and says in it where it listens.
 * @throws ThawError `run.busy` where another process is at it; `run.missing`.
 */
export async function claim(folder: string, address: string): Promise<void> {
  await readRecord(folder);
  const lock = join(folder, 'process.lock');
  if (!(await locked(lock))) throw busy(folder);
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

/** Takes the lock, also from a process that was killed while it held it. @returns false where a living one has it. */
async function locked(lock: string): Promise<boolean> {
  for (;;) {
    try {
      await writeFile(lock, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await holderOf(lock);
    if (holder === 'alive') return false;
    if (holder === 'dead') await rm(lock, { force: true });
    else await setTimeout(20);
  }
}

/** Between making a lock and writing its name into it a process is `unnamed`. */
async function holderOf(lock: string): Promise<'alive' | 'dead' | 'unnamed' | 'gone'> {
  const found = await stat(lock).catch(() => null);
  const name = await readFile(lock, 'utf8').catch(() => null);
  if (!found || name === null) return 'gone';
  if (name === '') return Date.now() - found.mtimeMs < staleMs ? 'unnamed' : 'dead';
  return isAlive(Number(name)) ? 'alive' : 'dead';
}

function busy(folder: string): ThawError {
  return new ThawError(
    'run.busy',
    l10n.t('Another process is working on this run.'),
    l10n.t('Open the run to watch it, or stop it first.'),
    { path: folder },
  );
}

import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { hostname, uptime } from 'node:os';
import { join } from 'node:path';
import { runFiles } from '../../protocol/paths';
import { type RunProcess, runProcessSchema } from '../../protocol/trainer';
import { replaceFile } from './durable';

/** Says in the run folder that this process works on it, and where it listens ("" for nowhere). */
export async function writeProcess(folder: string, address: string): Promise<RunProcess> {
  const entry: RunProcess = { pid: process.pid, address, started: Date.now() - process.uptime() * 1000, host: hostname() };
  await replaceFile(join(folder, runFiles.process), `${JSON.stringify(entry)}\n`);
  return entry;
}

export async function removeProcess(folder: string): Promise<void> {
  await rm(join(folder, runFiles.process), { force: true });
}

/** The process that works on a run, or null: none is named, it has died, or its number now belongs to another one. */
export async function liveProcess(folder: string): Promise<RunProcess | null> {
  const entry = await readProcess(folder);
  if (!entry || entry.host !== hostname() || !isAlive(entry.pid)) return null;
  if (entry.address !== '') return (await answers(entry.address)) ? entry : null;
  // Without an address only the times can tell: it must have begun since the machine did.
  return entry.started > Date.now() - uptime() * 1000 - 5000 ? entry : null;
}

async function readProcess(folder: string): Promise<RunProcess | null> {
  try {
    return runProcessSchema.parse(JSON.parse(await readFile(join(folder, runFiles.process), 'utf8')));
  } catch {
    return null; // absent, or half written by a process that died over it
  }
}

/** Whether there is a process of that number on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether somebody listens there. The system accepts for a process that is busy computing, so a short wait is enough. */
function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.setTimeout(1000, () => end(false));
  });
}

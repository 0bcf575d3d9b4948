import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeProcess } from '../core/runs';
import { EventLog } from '../core/runs/eventLog';
import type { RunHandle } from '../core/training';
import type { RunEvent } from '../protocol/events';
import type { Failure } from '../protocol/failure';
import { runFiles } from '../protocol/paths';
import { claim } from './claim';
import { setLastWords } from './crash';
import { RunServer } from './runServer';

export type OnEvent = (event: RunEvent) => void;

/** A run that trains in this process and that windows can attach to. */
export interface Session {
  readonly run: RunHandle;
  readonly address: string;
  /** The run's last event, once all is closed: followers have heard it, process.json and the socket are gone. */
  readonly ended: Promise<RunEvent>;
}

export interface SessionSpec {
  /** The run's folder, absolute. */
  readonly folder: string;
  /** `resume`: the run is there, and must be claimed before anything is written. */
  readonly mode: 'begin' | 'resume';
  start(onEvent: OnEvent): Promise<RunHandle>;
  onEvent?: OnEvent;
  /** Minutes without a client after which the run checkpoints and ends as paused; 0: never. */
  readonly idleMinutes: number;
}

/** Starts or resumes a run and opens its door. @throws ThawError `run.busy`, and what starting throws. */
export async function openSession({ folder, mode, start, onEvent, idleMinutes }: SessionSpec): Promise<Session> {
  let attach: (run: RunHandle) => void = () => {};
  const started = new Promise<RunHandle>((resolve) => {
    attach = resolve;
  });
  const endIdle = () => void started.then((run) => run.checkpointAndEnd());
  const server = await RunServer.listen(join(folder, runFiles.events), started, { minutes: idleMinutes, end: endIdle });
  const { address } = server;
  let claimed = false;
  const close = async () => {
    setLastWords(null);
    // First of all, so that the run can be resumed while the last followers still read.
    if (claimed) await removeProcess(folder);
    await server.close();
  };
  try {
    if (mode === 'resume') await claim(folder, address);
    claimed = mode === 'resume';
    const run = await start((event) => {
      server.publish(event);
      onEvent?.(event);
    });
    if (mode === 'begin') await claim(folder, address);
    claimed = true;
    setLastWords((failure) => recordCrash(folder, run, failure));
    attach(run);
    return { run, address, ended: run.done.finally(close) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The run's events end with what went wrong; who follows finds it there when the connection breaks. */
function recordCrash(folder: string, { state }: RunHandle, error: Failure): void {
  if (state === 'preparing' || state === 'training' || state === 'paused')
    EventLog.open(join(folder, runFiles.events)).append({ type: 'failed', error });
  rmSync(join(folder, runFiles.process), { force: true });
}

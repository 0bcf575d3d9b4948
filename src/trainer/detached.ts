import { closeSync, openSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { parseRunConfig, readRecord } from '../core/runs';
import type { Preparing } from '../core/training';
import { asFailure, exitCode, ThawError } from '../protocol/failure';
import { runFiles } from '../protocol/paths';
import type { LaunchLine, Prepared } from '../protocol/trainer';
import { openSession, type Session, type SessionSpec } from './session';

/** Milliseconds between two lines of what is prepared, and until the first: what is ready sooner is not told. */
const [preparedPace, preparedFirst] = [200, 500];

const stdout = 1;
const stderr = 2;

/**
 * Trains in the run folder until the run ends, with no tie to the process that spawned it.
 * `begin` takes the configuration as JSON from stdin; `resume` takes it from the folder.
 * @returns the exit code
 */
export async function trainDetached(mode: 'begin' | 'resume', folder: string): Promise<number> {
  let session: Session;
  try {
    const preparing = new AbortController();
    let told = performance.now() + preparedFirst - preparedPace;
    const onPrepared = (prepared: Prepared) => {
      if (performance.now() - told < preparedPace) return;
      told = performance.now();
      say({ prepared });
    };
    const opening = specOf(mode, path.resolve(folder), { signal: preparing.signal, onPrepared }).then(openSession);
    endOnSignals(opening, preparing);
    session = await opening;
  } catch (error) {
    const failure = asFailure(error);
    say({ failure });
    return exitCode(failure.code);
  }
  say({ ready: { folder: session.run.folder, address: session.address } });
  logInto(session.run.folder);
  const last = await session.ended;
  return last.type === 'failed' ? exitCode(last.error.code) : 0;
}

async function specOf(mode: 'begin' | 'resume', folder: string, preparing: Preparing): Promise<SessionSpec> {
  const { beginRun, resumeRun } = await import('../core/training');
  const { modelsFolder } = await import('../core/weights');
  const places = { folder, modelsFolder: modelsFolder(), runsFolder: path.dirname(folder), ...preparing };
  if (mode === 'begin') {
    const config = parseRunConfig(json(await readAll(process.stdin)));
    return { folder, mode, idleMinutes: config.idleMinutes, start: (onEvent) => beginRun(config, { ...places, onEvent }) };
  }
  const { config } = await readRecord(folder);
  return { folder, mode, idleMinutes: config.idleMinutes, start: (onEvent) => resumeRun(folder, { ...places, onEvent }) };
}

function say(line: LaunchLine): void {
  try {
    writeSync(stdout, `${JSON.stringify(line)}\n`);
  } catch {
    // Nobody listens any more: the window has gone, and the run goes on without it.
  }
}

/**
 * Lets go of the spawner's stdout and stderr, and sends what this process and its native libraries say to `child.log`.
 * A closed descriptor's number goes to the next file that is opened, so both come to stand for the log.
 */
function logInto(folder: string): void {
  const log = path.join(folder, runFiles.log);
  for (const descriptor of [stdout, stderr]) {
    closeSync(descriptor);
    try {
      openSync(log, 'a');
    } catch {
      openSync(devNull, 'a'); // A log is not worth a run; but the number must not go to a file of the run.
    }
  }
}

/** The system shuts down, or somebody ends the process: a checkpoint first, where it has begun. A second signal ends it at once. */
function endOnSignals(opening: Promise<Session>, preparing: AbortController): void {
  const end = () => {
    preparing.abort();
    opening.then(
      ({ run }) => run.checkpointAndEnd(),
      () => {}, // It did not begin; that is told already.
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ThawError(
      'config.invalid',
      l10n.t('The configuration is not JSON: {0}', (error as Error).message),
      l10n.t('Give it as one JSON object on stdin.'),
      { cause: error },
    );
  }
}

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface ProgramOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Milliseconds after which it is ended. */
  readonly timeout?: number;
  /** Every line that it prints. */
  readonly log?: (line: string) => void;
}

export interface Ended {
  /** null: it was ended, or could not be started. */
  readonly code: number | null;
  /** Of what it printed, the end; or why it could not be started. */
  readonly output: string;
  readonly started: boolean;
}

const keptLines = 60;

/** Runs a program to its end; when it is given up, with all that it has started. */
export function runProgram(command: string, args: readonly string[], { cwd, env, signal, timeout, log }: ProgramOptions): Promise<Ended> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve({ code: null, output: '', started: false });
    const windows = process.platform === 'win32';
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      shell: windows && command === 'npm', // npm.cmd: only a shell can start it
      detached: !windows, // a group of its own, which can be ended as a whole
      windowsHide: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let lines: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        lines = [...lines, line].slice(-keptLines);
        log?.(line);
      });
    const end = () => endTree(child);
    const timer = timeout === undefined ? undefined : setTimeout(end, timeout);
    signal?.addEventListener('abort', end, { once: true });
    const settle = (code: number | null, started: boolean, why = '') => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve({ code, started, output: [...lines, why].filter(Boolean).join('\n') });
    };
    child.once('error', (error) => settle(null, false, error.message));
    child.once('close', (code) => settle(code, true));
  });
}

function endTree({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(pid), '/T', '/F'], { windowsHide: true });
  else
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {} // it has just ended
}

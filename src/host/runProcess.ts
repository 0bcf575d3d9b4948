import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { constants, setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../protocol/failure';
import type { RunConfig } from '../protocol/runConfig';
import { type LaunchLine, launchLineSchema, type Prepared } from '../protocol/trainer';
import { type ChildSettings, childEnvironment } from './childEnvironment';

export type Launch =
  | { readonly mode: 'begin'; readonly folder: string; readonly config: RunConfig }
  | { readonly mode: 'resume'; readonly folder: string };

export interface Launching {
  readonly signal?: AbortSignal;
  readonly onPrepared?: (prepared: Prepared) => void;
}

/**
 * Starts the process of a run, which lives on without this window, and waits until it listens.
 * @param onPrepared is told how far it is until then, where that takes a while
 * @returns the address of its socket
 * @throws ThawError what it said on its way out; `process.died` when it said nothing; `interrupted`
 */
export async function launchRun(launch: Launch, settings: ChildSettings, { signal, onPrepared }: Launching = {}): Promise<string> {
  // Its stderr goes to a file: a pipe would break under it when this window goes.
  const scratch = mkdtempSync(path.join(tmpdir(), 'thaw-launch-'));
  const stderrPath = path.join(scratch, 'stderr.log');
  const child = spawn(process.execPath, [settings.script, launch.mode, launch.folder], {
    cwd: tmpdir(), // a working directory cannot be deleted on Windows
    detached: true,
    env: childEnvironment(settings),
    stdio: ['pipe', 'pipe', openSync(stderrPath, 'a')],
    windowsHide: true,
  });
  yieldToEditor(child.pid);
  const abort = () => child.kill();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const exit = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, killer) => resolve(killer ?? `exit code ${code}`));
    });
    child.stdin?.on('error', () => {}); // it may end before it reads: `exit` says so
    child.stdin?.end(launch.mode === 'begin' ? JSON.stringify(launch.config) : '');
    const last = await lastLine(child.stdout as Readable, onPrepared);
    if (signal?.aborted) throw new ThawError('interrupted', l10n.t('Stopped before it began.'), '');
    if (last === null || 'stray' in last) {
      const said = await readFile(stderrPath, 'utf8').catch(() => '');
      throw new ThawError(
        'process.died',
        l10n.t('The training process ended before it began ({0}).', last === null ? await exit : last.stray.slice(0, 200)),
        l10n.t('Run “Thaw: Check This Machine” to see what is missing.'),
        { detail: said.slice(-4000) || undefined },
      );
    }
    if ('failure' in last) {
      const { code, message, hint, ...more } = last.failure;
      throw new ThawError(code, message, hint, more);
    }
    return last.ready.address;
  } finally {
    signal?.removeEventListener('abort', abort);
    child.stdout?.destroy();
    child.unref();
    try {
      rmSync(scratch, { recursive: true, force: true });
    } catch {
      // Windows keeps a file that is open in the child; the system clears its temporary folder.
    }
  }
}

/** Training takes all cores that are free; the editor goes first. The threads that the process will make inherit this. */
function yieldToEditor(pid: number | undefined): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system does not let us.
  }
}

/** A line that is none of those that a run says as it begins. */
interface Stray {
  readonly stray: string;
}

/** The first line that does not say how far it is; null where the stream ends without one. */
async function lastLine(
  stream: Readable,
  onPrepared: Launching['onPrepared'],
): Promise<Exclude<LaunchLine, { prepared: Prepared }> | Stray | null> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = lineOf(text.slice(0, end));
      text = text.slice(end + 1);
      if (!('prepared' in line)) return line;
      onPrepared?.(line.prepared);
    }
  }
  return text.trim() ? { stray: text } : null; // cut off
}

function lineOf(text: string): LaunchLine | Stray {
  return launchLineSchema.safeParse(parseJson(text)).data ?? { stray: text };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

import { fork } from 'node:child_process';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../protocol/failure';
import { setupMessageSchema } from '../protocol/setup';
import { type ChildSettings, childEnvironment } from './childEnvironment';

export interface InstallOptions {
  readonly signal: AbortSignal;
  stage(text: string): void;
  log(line: string): void;
}

/**
 * Installs TensorFlow into a folder in a process of its own, which puts nothing there unless it works.
 * @throws ThawError the cause; `interrupted`; `process.died`
 */
export function installTensorflow(folder: string, settings: ChildSettings, { signal, stage, log }: InstallOptions): Promise<void> {
  const child = fork(settings.script, ['setup-tensorflow', folder], {
    execArgv: [],
    env: childEnvironment(settings),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let failure: ThawError | null = null;
  let done = false;
  // It notices, ends what it has started and removes what is half made; its end is waited for.
  const cancel = () => child.connected && child.disconnect();
  signal.addEventListener('abort', cancel, { once: true });
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split(/\r?\n/).filter(Boolean)) log(line);
    });
  child.on('message', (raw) => {
    const message = setupMessageSchema.safeParse(raw);
    if (!message.success) return log(`Not understood: ${message.error.message}`);
    switch (message.data.type) {
      case 'stage':
        log(message.data.text);
        return stage(message.data.text);
      case 'log':
        return log(message.data.line);
      case 'done':
        done = true;
        return;
      case 'failed': {
        const { code, message: what, hint, ...more } = message.data.failure;
        failure = new ThawError(code, what, hint, more);
        return;
      }
    }
  });
  return new Promise((resolve, reject) => {
    const end = (how: string) => {
      signal.removeEventListener('abort', cancel);
      if (done) resolve();
      else if (signal.aborted) reject(new ThawError('interrupted', l10n.t('The installation was cancelled.'), ''));
      else reject(failure ?? died(how));
    };
    child.once('error', (error) => end(error.message));
    // `close` comes after its last message; after a disconnect from this side it does not come.
    child.once('close', (code, killer) => end(killer ?? `exit code ${code}`));
    child.once('exit', (code, killer) => signal.aborted && end(killer ?? `exit code ${code}`));
    if (signal.aborted) cancel();
  });
}

function died(how: string): ThawError {
  return new ThawError(
    'process.died',
    l10n.t('The process that installs TensorFlow has ended ({0}).', how),
    l10n.t('Try again. If that does not help, see the output channel “Thaw”.'),
  );
}

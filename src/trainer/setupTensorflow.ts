import { setupTensorflow } from '../core/engine/tensorflow/setup/setup';
import { asFailure, exitCode } from '../protocol/failure';
import type { SetupMessage } from '../protocol/setup';

/** Installs TensorFlow into a folder for the window that forked this process; when that goes, it is given up. Returns the exit code. */
export async function setupFor(folder: string): Promise<number> {
  const window = new AbortController();
  process.once('disconnect', () => window.abort());
  const say = (message: SetupMessage) => void process.send?.(message, undefined, undefined, () => {});
  try {
    await setupTensorflow(folder, {
      signal: window.signal,
      stage: (text) => say({ type: 'stage', text }),
      log: (line) => say({ type: 'log', line }),
    });
    say({ type: 'done' });
    return 0;
  } catch (error) {
    const failure = asFailure(error);
    say({ type: 'failed', failure });
    return exitCode(failure.code);
  } finally {
    if (process.connected) process.disconnect();
  }
}

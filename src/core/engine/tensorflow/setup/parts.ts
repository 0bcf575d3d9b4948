import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../../protocol/failure';
import type { Ended } from './runProgram';

export interface SetupOptions {
  readonly signal?: AbortSignal;
  /** What is being done, for people. */
  readonly stage?: (text: string) => void;
  /** What npm and others print. */
  readonly log?: (line: string) => void;
}

/** What every program may end by. */
export function refuseEnd({ output }: Ended, signal?: AbortSignal): void {
  throwIfAborted(signal);
  if (/\bENOSPC\b|No space left on device/.test(output))
    throw new ThawError(
      'io.diskFull',
      l10n.t('The disk is full.'),
      l10n.t('TensorFlow needs 1.1 GB, and another 2 GB while it is installed.'),
      {
        detail: output,
      },
    );
}

export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw new ThawError('interrupted', l10n.t('The installation was cancelled.'), l10n.t('Nothing was installed.'));
}

export function cannot(message: string, hint: string, detail?: string): ThawError {
  return new ThawError('engine.missing', message, hint, { detail });
}

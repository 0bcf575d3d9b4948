import { asFailure, exitCode, type Failure } from '../protocol/failure';

let lastWords: ((failure: Failure) => void) | null = null;

/**
 * What to put in order when an error that nobody caught ends the process; null for nothing any more. It must be
 * synchronous: whatever ran on after it would work on a run that is over.
 */
export function setLastWords(words: ((failure: Failure) => void) | null): void {
  lastWords = words;
}

/** From now on an error that nobody caught ends the process with its exit code, after the last words. */
export function endOnUncaught(): void {
  for (const kind of ['uncaughtException', 'unhandledRejection'] as const)
    process.once(kind, (error: unknown) => {
      const failure = asFailure(error);
      console.error(failure.detail ?? failure.message);
      try {
        lastWords?.(failure);
      } finally {
        process.exit(exitCode(failure.code));
      }
    });
}

/** Lets the process end with this code; should anything (a native library's thread) keep it, it ends two seconds later. */
export function endWith(code: number): void {
  process.exitCode = code;
  setTimeout(() => process.exit(), 2_000).unref();
}

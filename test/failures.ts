import { expect } from 'vitest';
import { type Failure, ThawError } from '../src/protocol/failure';

/** What work is refused with: never without a way out. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ThawError)) throw new Error(`no ThawError: ${String(error)}`, { cause: error });
  expect(error.failure.message).not.toBe('');
  expect(error.failure.hint).not.toBe('');
  return error.failure;
}

/** The same where a file is at fault: it is named. */
export async function failureOfFile(work: Promise<unknown>): Promise<Failure> {
  const failure = await failureOf(work);
  expect(failure.path).toBeTruthy();
  return failure;
}

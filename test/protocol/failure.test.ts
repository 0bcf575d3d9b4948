import { expect, test } from 'vitest';
import { asFailure, exitCode, failureCodes, ThawError } from '../../src/protocol/failure';

test('a ThawError keeps what it says', () => {
  const failure = asFailure(new ThawError('data.empty', 'No pictures in x.', 'Add some.', { path: 'x' }));
  expect(failure).toMatchObject({ code: 'data.empty', message: 'No pictures in x.', hint: 'Add some.', path: 'x' });
});

test('causes of the operating system keep their path and get a remedy', () => {
  const failure = asFailure(Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', path: '/x/y' }));
  expect(failure).toMatchObject({ code: 'io.diskFull', path: '/x/y' });
  expect(failure.hint).toMatch(/resume/);
});

test('what is thrown is never lost, whatever it is', () => {
  for (const thrown of ['text', undefined, null, 7, new RangeError('Array buffer allocation failed')]) {
    const failure = asFailure(thrown);
    expect(failureCodes).toContain(failure.code);
    expect(failure.hint).not.toBe('');
  }
});

test('every code has an exit code other than 0', () => {
  for (const code of failureCodes) expect([1, 2, 3, 4, 130]).toContain(exitCode(code));
  expect(exitCode('config.invalid')).toBe(2);
  expect(exitCode('data.empty')).toBe(3);
  expect(exitCode('engine.failed')).toBe(4);
  expect(exitCode('interrupted')).toBe(130);
});

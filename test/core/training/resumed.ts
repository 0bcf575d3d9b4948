import { expect } from 'vitest';
import { readRun } from '../../../src/core/runs';
import type { RunEvent } from '../../../src/protocol/events';
import type { RunConfig } from '../../../src/protocol/runConfig';
import { begin, finished, of, resume, weightsHash } from './harness';

/** A run that ends after any of these steps and is resumed tells what the uninterrupted one tells, and leaves the same bytes. */
export async function expectSameAfterPauses(config: RunConfig, steps: readonly number[]): Promise<void> {
  const whole = await finished(config);
  for (const step of steps) {
    const first = await begin(config, { after: { [step]: (handle) => handle.checkpointAndEnd() } });
    expect(await first.handle.done).toMatchObject({ type: 'paused', reason: 'idle', step });
    const second = await resume(first.folder);
    expect((await second.handle.done).type).toBe('finished');
    expect(weightsHash(first.folder)).toBe(weightsHash(whole.folder));
    const { events } = await readRun(first.folder);
    expect(events.map((e) => e.seq)).toEqual(events.map((_, i) => i + 1));
    const epochs = (all: RunEvent[]) => of(all, 'epoch').map((e) => [e.epoch, e.train, e.validation]);
    expect(epochs(events)).toEqual(epochs(whole.events));
  }
}

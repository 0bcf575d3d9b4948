import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RunSession } from '../../src/host/runSession';
import type { RunEvent, RunEventBody } from '../../src/protocol/events';
import { runFiles } from '../../src/protocol/paths';
import { config, FakeTrainer, numbered, runFolder, step, until, writeEvents } from './fakes';

const started: RunEventBody = { type: 'started', run: '/run', config };

describe('RunSession', () => {
  let session: RunSession | null = null;
  let trainer: FakeTrainer | null = null;
  afterEach(async () => {
    session?.dispose();
    await trainer?.close();
    trainer = null;
  });
  const say = (events: RunEvent[]) => {
    for (const event of events) trainer?.say({ type: 'event', event });
  };

  it('replays a run that has ended', async () => {
    const events = numbered([started, step(1), { type: 'stopped', step: 1 }]);
    session = await RunSession.open(runFolder(events));
    expect(session).toMatchObject({ state: 'stopped', live: false, events });
  });

  it('calls a run ended that neither finished nor lives', async () => {
    session = await RunSession.open(runFolder(numbered([started, step(1)])));
    expect(session).toMatchObject({ state: 'ended', live: false });
    await expect(session.request({ type: 'pause' })).rejects.toMatchObject({ failure: { code: 'process.died' } });
  });

  it('goes on live where the disk ends, each event once', async () => {
    const events = numbered([started, step(1), step(2), { type: 'paused', step: 2, reason: 'asked' }]);
    const folder = runFolder(events.slice(0, 2));
    trainer = await FakeTrainer.listen(folder);
    session = await RunSession.open(folder);
    expect(session).toMatchObject({ state: 'training', live: true });
    const heard: number[] = [];
    session.changed.on((change) => heard.push(...change.events.map((event) => event.seq)));
    say(events.slice(1)); // the last known one comes again
    await until(() => session?.state === 'paused');
    expect(heard).toEqual([3, 4]);
    expect(session.events).toEqual(events);
    await session.request({ type: 'continue' });
    expect(trainer.requests.map((request) => request.type)).toEqual(['follow', 'continue']);
  });

  it('settles what became of it when the process dies', async () => {
    const events = numbered([started, step(1)]);
    const folder = runFolder(events);
    trainer = await FakeTrainer.listen(folder);
    session = await RunSession.open(folder);
    rmSync(path.join(folder, runFiles.process));
    await trainer.close();
    await until(() => session?.state === 'ended');
    expect(session.live).toBe(false);
  });

  it('finds on disk what the process said before it died', async () => {
    const events = numbered([started, step(1), step(2), { type: 'stopped', step: 2 }]);
    const folder = runFolder(events.slice(0, 2));
    trainer = await FakeTrainer.listen(folder);
    session = await RunSession.open(folder);
    writeEvents(folder, events);
    rmSync(path.join(folder, runFiles.process));
    await trainer.close();
    await until(() => session?.state === 'stopped');
    expect(session.events).toEqual(events);
  });

  it('shows the history anew when a resumed run has dropped what came after its checkpoint', async () => {
    const before = numbered([started, step(1), step(2), step(3)]);
    const folder = runFolder(before);
    session = await RunSession.open(folder);
    const after = [...before.slice(0, 2), ...numbered([{ type: 'resumed', step: 1, epoch: 1 }, step(2)], 3)];
    writeEvents(folder, after);
    const resets: boolean[] = [];
    session.changed.on(({ reset }) => resets.push(reset));
    trainer = await FakeTrainer.listen(folder);
    await session.attach();
    expect(resets).toEqual([true]);
    expect(session).toMatchObject({ events: after, state: 'training', live: true });
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { RunClient } from '../../src/host/runClient';
import type { RunEvent } from '../../src/protocol/events';
import { ThawError } from '../../src/protocol/failure';
import { FakeTrainer, numbered, step, temporaryFolder, until } from './fakes';

describe('RunClient', () => {
  let trainer: FakeTrainer;
  let client: RunClient;
  const connect = async () => {
    trainer = await FakeTrainer.listen(temporaryFolder());
    client = await RunClient.connect(trainer.address);
    const heard: RunEvent[] = [];
    client.events.on((events) => heard.push(...events));
    await client.request({ type: 'follow', from: 1 });
    return heard;
  };
  afterEach(async () => {
    client?.dispose();
    await trainer?.close();
  });

  it('hears events in order, however the bytes are cut', async () => {
    const heard = await connect();
    const events = numbered([step(1), { type: 'warning', code: 'x', message: 'Größe ✓ 猫' }, step(2)]);
    const bytes = Buffer.from(events.map((event) => `${JSON.stringify({ type: 'event', event })}\n`).join(''));
    for (const socket of trainer.sockets) {
      socket.setNoDelay(true);
      for (let i = 0; i < bytes.length; i += 7) {
        socket.write(bytes.subarray(i, i + 7));
        if (i % 70 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await until(() => heard.length === 3);
    expect(heard).toEqual(events);
  });

  it('passes over what it cannot understand', async () => {
    const heard = await connect();
    const [event] = numbered([step(1)]);
    trainer.write(`nonsense\n{"type":"event","event":{"seq":1,"type":"newer"}}\n`);
    trainer.say({ type: 'event', event: event as RunEvent });
    await until(() => heard.length > 0);
    expect(heard).toEqual([event]);
  });

  it('rejects with what the run refused it with', async () => {
    await connect();
    trainer.refuse = true;
    const error = await client.request({ type: 'freeze', rules: ['a.**'] }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ThawError);
    expect((error as ThawError).failure).toMatchObject({ code: 'run.busy', message: 'No.', hint: 'Wait.' });
    expect(trainer.requests.at(-1)).toMatchObject({ type: 'freeze', rules: ['a.**'] });
  });

  it('leaves no request unanswered when the process dies', async () => {
    await connect();
    let closed = 0;
    client.closed.on(() => closed++);
    const waiting = client.request({ type: 'pause' });
    await trainer.close();
    await Promise.allSettled([waiting]);
    await until(() => closed === 1);
    await expect(client.request({ type: 'stop' })).rejects.toMatchObject({ failure: { code: 'process.died' } });
  });
});

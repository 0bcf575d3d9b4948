import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../src/protocol/events';
import { ThawError } from '../../src/protocol/failure';
import { type TrainerMessage, trainerMessageSchema } from '../../src/protocol/trainer';
import { type RunControls, RunServer } from '../../src/trainer/runServer';

let folder: string;
let file: string;
let server: RunServer | undefined;
const clients: Client[] = [];
const controls = {
  pause: vi.fn(async () => {}),
  continue: vi.fn(async () => {}),
  stop: vi.fn(async () => {}),
  freeze: vi.fn(async (_rules: readonly string[]) => {}),
} satisfies RunControls;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'thaw-test-'));
  file = path.join(folder, 'events.ndjson');
  writeFileSync(file, '');
  vi.clearAllMocks();
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.socket.destroy();
  await server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

const listen = async (idle?: { minutes: number; end(): void }) => {
  server = await RunServer.listen(file, Promise.resolve(controls), idle ?? null);
  return server;
};

/** Events as a run makes them: written first, then told. */
let padding = '';
const event = (seq: number): RunEvent => ({ seq, time: 1, type: 'warning', code: 'test', message: `event ${seq}${padding}` });
const happen = (seq: number) => {
  appendFileSync(file, `${JSON.stringify(event(seq))}\n`);
  server?.publish(event(seq));
};
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

class Client {
  readonly messages: TrainerMessage[] = [];
  readonly socket: Socket;
  closed = false;

  constructor(address: string) {
    this.socket = connect(address);
    let rest = '';
    this.socket.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.messages.push(trainerMessageSchema.parse(JSON.parse(line)));
    });
    this.socket
      .on('error', () => {})
      .on('close', () => {
        this.closed = true;
      });
    clients.push(this);
  }
  say(value: unknown): void {
    this.socket.write(`${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
  }
  get seqs(): number[] {
    return this.messages.flatMap((m) => (m.type === 'event' ? [m.event.seq] : []));
  }
  async reply(id: number) {
    return vi.waitFor(() => {
      const found = this.messages.find((m) => m.type === 'reply' && m.id === id);
      if (found?.type !== 'reply') throw new Error(`no reply to ${id}`);
      return found;
    });
  }
}

describe('follow', () => {
  it('replays from a number, then goes on live', async () => {
    const { address } = await listen();
    for (const seq of upTo(5)) happen(seq);
    const client = new Client(address);
    client.say({ id: 1, type: 'follow', from: 3 });
    await vi.waitFor(() => expect(client.seqs).toEqual([3, 4, 5]));
    happen(6);
    await vi.waitFor(() => expect(client.seqs).toEqual([3, 4, 5, 6]));
    expect((await client.reply(1)).failure).toBeNull();
  });

  it('leaves no gap and says nothing twice while events keep coming', async () => {
    const { address } = await listen();
    let seq = 0;
    for (; seq < 2000; ) happen(++seq);
    const all = [1, 1, 700, 1999, 2001, 2300].map((from) => {
      const client = new Client(address);
      client.say({ id: 1, type: 'follow', from });
      return { from, client };
    });
    for (; seq < 2600; ) {
      happen(++seq);
      if (seq % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    for (const { from, client } of all)
      await vi.waitFor(() => expect(client.seqs).toEqual(upTo(2600).filter((n) => n >= from)), { timeout: 5000 });
  });

  it('serves a client that stops reading without holding what it misses, and in full when it reads again', async () => {
    const { address } = await listen();
    padding = 'x'.repeat(4000);
    const slow = new Client(address);
    const quick = new Client(address);
    for (const client of [slow, quick]) client.say({ id: 1, type: 'follow', from: 1 });
    await Promise.all([slow.reply(1), quick.reply(1)]);
    slow.socket.pause();
    const sockets = [...(server as unknown as { clients: Map<Socket, unknown> }).clients.keys()];
    let held = 0;
    for (let seq = 1; seq <= 10_000; seq++) {
      happen(seq);
      held = Math.max(held, ...sockets.map((socket) => socket.writableLength));
      if (seq % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await vi.waitFor(() => expect(quick.seqs.length).toBe(10_000), { timeout: 20_000 });
    expect(slow.seqs.length).toBeLessThan(10_000);
    expect(held).toBeLessThan(200_000); // of 40 MB
    slow.socket.resume();
    await vi.waitFor(() => expect(slow.seqs).toEqual(upTo(10_000)), { timeout: 20_000 });
    padding = '';
  });

  it('passes over a line that a crash tore', async () => {
    const { address } = await listen();
    writeFileSync(file, `${JSON.stringify(event(1))}\n{"seq":2,"ti\n`);
    happen(2);
    const client = new Client(address);
    client.say({ id: 1, type: 'follow', from: 1 });
    await vi.waitFor(() => expect(client.seqs).toEqual([1, 2]));
  });

  it('is refused twice on one connection', async () => {
    const { address } = await listen();
    const client = new Client(address);
    client.say({ id: 1, type: 'follow', from: 1 });
    client.say({ id: 2, type: 'follow', from: 1 });
    expect((await client.reply(2)).failure?.code).toBe('usage');
  });
});

describe('requests', () => {
  it('reach the run, and are replied to when it has obeyed or refused', async () => {
    const { address } = await listen();
    controls.stop.mockRejectedValueOnce(new ThawError('io.diskFull', 'full', 'free some'));
    const client = new Client(address);
    client.say({ id: 1, type: 'pause' });
    client.say({ id: 2, type: 'continue' });
    client.say({ id: 3, type: 'freeze', rules: ['a.**', '!b'] });
    client.say({ id: 4, type: 'stop' });
    expect((await client.reply(4)).failure).toMatchObject({ code: 'io.diskFull', message: 'full' });
    for (const id of [1, 2, 3]) expect((await client.reply(id)).failure).toBeNull();
    expect(controls.pause).toHaveBeenCalledOnce();
    expect(controls.continue).toHaveBeenCalledOnce();
    expect(controls.freeze).toHaveBeenCalledWith(['a.**', '!b']);
  });

  it.each([
    'not json',
    '[]',
    'null',
    '{"id":7}',
    '{"id":7,"type":"explode"}',
    '{"id":7,"type":"freeze","rules":[1]}',
    '{"id":7,"type":"follow","from":0}',
  ])('are answered with a failure when malformed, and the connection stays: %s', async (line) => {
    const { address } = await listen();
    const client = new Client(address);
    client.say(line);
    expect((await client.reply(line.includes('"id"') ? 7 : 0)).failure?.code).toBe('usage');
    client.say({ id: 8, type: 'pause' });
    expect((await client.reply(8)).failure).toBeNull();
  });

  it('that never end a line close the connection', async () => {
    const { address } = await listen();
    const client = new Client(address);
    client.socket.write('x'.repeat(3 << 20));
    await vi.waitFor(() => expect(client.closed).toBe(true));
  });

  it('wait until the run is there', async () => {
    let attach: (run: RunControls) => void = () => {};
    server = await RunServer.listen(file, new Promise((resolve) => (attach = resolve)));
    const client = new Client(server.address);
    client.say({ id: 1, type: 'pause' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(client.messages).toEqual([]);
    attach(controls);
    expect((await client.reply(1)).failure).toBeNull();
  });
});

describe('the door', () => {
  it.skipIf(process.platform === 'win32')('opens for this user alone, on a short path', async () => {
    const { address } = await listen();
    expect(statSync(path.dirname(address)).mode & 0o777).toBe(0o700);
    expect(Buffer.byteLength(address)).toBeLessThan(104);
  });

  it('closes when the followers have the last event, and leaves nothing behind', async () => {
    const { address } = await listen();
    const client = new Client(address);
    client.say({ id: 1, type: 'follow', from: 1 });
    await client.reply(1);
    for (const seq of upTo(500)) happen(seq);
    await server?.close();
    server = undefined;
    await vi.waitFor(() => expect(client.closed).toBe(true));
    expect(client.seqs).toEqual(upTo(500));
    if (process.platform !== 'win32') expect(existsSync(path.dirname(address))).toBe(false);
  });

  it('closes in bounded time on a client that reads nothing', async () => {
    const { address } = await listen();
    padding = 'x'.repeat(4000);
    const stuck = new Client(address);
    stuck.say({ id: 1, type: 'follow', from: 1 });
    await stuck.reply(1);
    stuck.socket.pause();
    for (const seq of upTo(2000)) happen(seq);
    padding = '';
    const began = Date.now();
    await server?.close();
    server = undefined;
    expect(Date.now() - began).toBeLessThan(5000);
  });

  it('notices that nobody follows, though others knock, and not while somebody does', async () => {
    const end = vi.fn();
    const { address } = await listen({ minutes: 200 / 60_000, end });
    const client = new Client(address);
    client.say({ id: 1, type: 'follow', from: 1 });
    await client.reply(1);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(end).not.toHaveBeenCalled();
    client.socket.destroy();
    const knocking = setInterval(() => new Client(address).socket.destroySoon(), 20);
    await vi.waitFor(() => expect(end).toHaveBeenCalledOnce());
    clearInterval(knocking);
  });
});

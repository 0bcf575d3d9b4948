import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { liveProcess, parseRunConfig, readRun } from '../../src/core/runs';
import type { RunEvent } from '../../src/protocol/events';
import { type LaunchLine, launchLineSchema, trainerMessageSchema } from '../../src/protocol/trainer';
import { bundled, environment, pictures, temporary, thaw } from '../cli/thaw';
import { lines, sentences, tinyModel } from '../core/training/tinyTexts';

let bundles: string;
let work: string;
let photos: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  bundles = await bundled();
  work = temporary();
  photos = await pictures(path.join(work, 'photos'), 16);
}, 120_000);
afterAll(() => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
});

/** Long enough to be interrupted; each run ends when a test says so. */
const config = (more: object = {}) =>
  parseRunConfig({
    data: { path: photos, testSplit: 0 },
    model: 'convnet_small',
    phases: [{ epochs: 5000, learningRate: 0.001, rules: ['**'] }],
    imageSize: 32,
    batchSize: 8,
    augmentation: 'none',
    ...more,
  });

interface Launched {
  child: ChildProcess;
  line: LaunchLine;
  folder: string;
  exit: Promise<number | null>;
}

async function launch(mode: 'begin' | 'resume', name: string, input?: unknown): Promise<Launched> {
  const folder = path.join(work, name);
  const child = spawn(process.execPath, [path.join(bundles, 'trainer.js'), mode, folder], {
    detached: true,
    env: environment(),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  children.push(child);
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  child.stdin?.end(input === undefined ? '' : typeof input === 'string' ? input : JSON.stringify(input));
  let text = '';
  // Ends when the child lets go of stdout, which it must do while it lives.
  for await (const chunk of child.stdout?.setEncoding('utf8') ?? []) text += chunk;
  expect(text.trimEnd().split('\n')).toHaveLength(1);
  return { child, line: launchLineSchema.parse(JSON.parse(text)), folder, exit };
}

class Window {
  readonly events: RunEvent[] = [];
  readonly socket: Socket;
  constructor(line: LaunchLine) {
    if (!('ready' in line)) throw new Error(JSON.stringify(line));
    this.socket = connect(line.ready.address);
    let rest = '';
    this.socket
      .on('error', () => {})
      .setEncoding('utf8')
      .on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const message of lines.map((l) => trainerMessageSchema.parse(JSON.parse(l))))
          if (message.type === 'event') this.events.push(message.event);
      });
    this.say({ type: 'follow', from: 1 });
  }
  say(request: object): void {
    this.socket.write(`${JSON.stringify({ id: 1, ...request })}\n`);
  }
  async has(type: RunEvent['type'], count = 1): Promise<void> {
    await vi.waitFor(() => expect(this.events.filter((e) => e.type === type).length).toBeGreaterThanOrEqual(count), { timeout: 30_000 });
  }
}

const numbers = (events: RunEvent[]) => events.map((event) => event.seq);
const inOrder = (events: RunEvent[]) => events.map((_, i) => i + 1);

describe('a detached run', () => {
  it('serves two windows from beginning to end, and leaves no trace of its process', async () => {
    const { line, folder, exit } = await launch('begin', 'served', config());
    const first = new Window(line);
    await first.has('epoch', 3);
    expect(await liveProcess(folder)).toMatchObject({ address: 'ready' in line ? line.ready.address : '' });
    const second = new Window(line);
    second.say({ type: 'pause' });
    await Promise.all([first.has('paused'), second.has('paused')]);
    const still = first.events.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(first.events).toHaveLength(still);
    first.say({ type: 'continue' });
    await second.has('continued');
    second.say({ type: 'freeze', rules: ['classifier.**'] });
    await first.has('freeze');
    first.say({ type: 'stop' });
    expect(await exit).toBe(0);
    for (const window of [first, second]) {
      await vi.waitFor(() => expect(window.events.at(-1)?.type).toBe('stopped'));
      expect(numbers(window.events)).toEqual(inOrder(window.events));
    }
    expect((await readRun(folder)).events).toEqual(first.events);
    expect(readdirSync(folder)).not.toContain('process.json');
    expect(existsSync(path.dirname('ready' in line ? line.ready.address : ''))).toBe(false);
    expect(existsSync(path.join(folder, 'model/model.safetensors'))).toBe(true);
    expect(existsSync(path.join(folder, 'child.log'))).toBe(true);
  });

  it('is busy for a second process, in the background or in a terminal', async () => {
    const { line, child, exit, folder } = await launch('begin', 'busy', config());
    const again = await launch('resume', 'busy');
    expect(again.line).toMatchObject({ failure: { code: 'run.busy', path: folder } });
    expect(await again.exit).toBe(1);
    const terminal = await thaw(bundles, work, ['resume', folder, '--json']);
    expect(terminal.code).toBe(1);
    expect(terminal.json()).toMatchObject({ error: { code: 'run.busy' } });
    expect(await liveProcess(folder)).toMatchObject({ pid: child.pid });
    new Window(line).say({ type: 'stop' });
    expect(await exit).toBe(0);
  });

  it('checkpoints and ends as paused when nobody looks, and goes on when it is resumed', async () => {
    const { exit, folder } = await launch('begin', 'idle', config({ idleMinutes: 0.02 }));
    expect(await exit).toBe(0);
    expect((await readRun(folder)).events.at(-1)).toMatchObject({ type: 'paused', reason: 'idle' });
    const resumed = await launch('resume', 'idle');
    const window = new Window(resumed.line);
    await window.has('resumed');
    await window.has('epoch');
    window.say({ type: 'stop' });
    expect(await resumed.exit).toBe(0);
  });

  it.skipIf(process.platform === 'win32').each(['SIGTERM', 'SIGINT'] as const)('checkpoints and ends as paused at %s', async (signal) => {
    const { line, child, exit, folder } = await launch('begin', signal, config());
    await new Window(line).has('step');
    child.kill(signal);
    expect(await exit).toBe(0);
    expect((await readRun(folder)).events.at(-1)).toMatchObject({ type: 'paused' });
    expect(readdirSync(path.join(folder, 'checkpoints')).length).toBeGreaterThan(0);
  });

  it.skipIf(process.platform === 'win32')(
    'tells how far many texts are read before it begins, and ends at SIGTERM with no run',
    async () => {
      const data = lines(
        path.join(work, 'tales'),
        'tales.txt',
        sentences(200_000).map(({ text }, i) => `${text} ${i}`),
      );
      const model = await tinyModel(path.join(work, 'tiny'), 'gpt2');
      const folder = path.join(work, 'ended');
      const child = spawn(process.execPath, [path.join(bundles, 'trainer.js'), 'begin', folder], {
        env: environment(),
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      children.push(child);
      const exit = once(child, 'exit');
      child.stdin?.end(JSON.stringify(config({ data: { path: data, task: 'causal-lm' }, model })));
      let text = '';
      for await (const chunk of child.stdout?.setEncoding('utf8') ?? []) {
        text += chunk;
        if (!child.killed && /"total":2/.test(text)) child.kill('SIGTERM');
      }
      const told = text
        .trimEnd()
        .split('\n')
        .map((line) => launchLineSchema.parse(JSON.parse(line)));
      expect(told.at(-1)).toMatchObject({ failure: { code: 'interrupted' } });
      expect(told.slice(0, -1)).toContainEqual({ prepared: { done: expect.any(Number), total: 200_000 } });
      expect(await exit).toEqual([130, null]);
      expect(existsSync(folder)).toBe(false);
    },
  );

  it('that was killed can be resumed by the next process', async () => {
    const { line, child, exit, folder } = await launch('begin', 'killed', config());
    await new Window(line).has('epoch', 2);
    child.kill('SIGKILL');
    await exit;
    expect(readdirSync(folder)).toContain('process.json');
    expect(await liveProcess(folder)).toBeNull();
    const resumed = await launch('resume', 'killed');
    const window = new Window(resumed.line);
    await window.has('resumed');
    await window.has('epoch', 3);
    expect(numbers(window.events)).toEqual(inOrder(window.events));
    window.say({ type: 'stop' });
    expect(await resumed.exit).toBe(0);
    if ('ready' in line) expect(existsSync(path.dirname(line.ready.address))).toBe(false); // swept up by the second
  });

  it('says in one line why it cannot begin', async () => {
    for (const [input, code, exitCode] of [
      ['no json', 'config.invalid', 2],
      [{ ...config(), epochs: 3 }, 'config.invalid', 2],
      [{ ...config(), data: { path: path.join(work, 'nowhere') } }, 'data.missing', 3],
      [{ ...config(), model: 'nothing' }, 'model.missing', 4],
    ] as const) {
      const { line, exit, folder } = await launch('begin', 'never', input);
      expect(line).toMatchObject({ failure: { code } });
      expect(await exit).toBe(exitCode);
      expect(existsSync(folder)).toBe(false);
    }
    const { line } = await launch('resume', 'never');
    expect(line).toMatchObject({ failure: { code: 'run.missing' } });
  });
});

describe('a run in a terminal', () => {
  const train = (out: string, ...more: string[]) =>
    spawn(
      process.execPath,
      [
        path.join(bundles, 'cli.js'),
        'train',
        photos,
        '--model',
        'convnet_small',
        '--image-size',
        '32',
        '--batch-size',
        '8',
        '--epochs',
        '5000',
        '--augment',
        'none',
        '--out',
        path.join(work, out),
        ...more,
      ],
      { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] },
    );

  it.skipIf(process.platform === 'win32')('checkpoints at Ctrl+C', async () => {
    const child = train('interrupted', '--json');
    children.push(child);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    child.stderr.resume();
    await vi.waitFor(() => expect(text).toContain('"type":"epoch"'), { timeout: 30_000 });
    child.kill('SIGINT');
    expect((await once(child, 'close'))[0]).toBe(130);
    const events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent);
    expect(events.at(-1)?.type).toBe('paused');
    expect(readFileSync(path.join(work, 'interrupted/events.ndjson'), 'utf8')).toBe(text);
    expect(readdirSync(path.join(work, 'interrupted'))).not.toContain('process.json');
  });

  it.skipIf(process.platform === 'win32')('ends at once at a second Ctrl+C', async () => {
    const child = train('impatient', '--json');
    children.push(child);
    child.stderr.resume();
    await once(child.stdout, 'data');
    child.stdout.resume();
    // Two signals that arrive together are one; the second must find the first one heard.
    child.kill('SIGINT');
    await once(child.stderr, 'data');
    child.kill('SIGINT');
    expect((await once(child, 'exit'))[0]).toBe(130);
  });

  it('can be watched and stopped from a window', async () => {
    const child = train('watched');
    children.push(child);
    child.stdout.resume();
    child.stderr.resume();
    const folder = path.join(work, 'watched');
    const entry = await vi.waitFor(
      async () => {
        const found = await liveProcess(folder);
        if (!found) throw new Error('not there yet');
        return found;
      },
      { timeout: 30_000 },
    );
    const window = new Window({ ready: { folder, address: entry.address } });
    await window.has('epoch');
    window.say({ type: 'stop' });
    expect((await once(child, 'close'))[0]).toBe(0);
    expect(window.events.at(-1)?.type).toBe('stopped');
  });

  it.skipIf(process.platform === 'win32')('ends in order when nobody reads its output any more', async () => {
    const child = train('unread', '--json');
    children.push(child);
    child.stderr.resume();
    await once(child.stdout, 'data');
    child.stdout.destroy();
    expect((await once(child, 'exit'))[0]).toBe(130);
    expect((await readRun(path.join(work, 'unread'))).events.at(-1)?.type).toBe('paused');
  });
});

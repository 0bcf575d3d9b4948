import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import type { ModelFacts } from '../../src/protocol/assistant';
import type { Task } from '../../src/protocol/data';
import type { RunEvent, RunEventBody } from '../../src/protocol/events';
import type { LayerNode } from '../../src/protocol/layers';
import { runFiles } from '../../src/protocol/paths';
import { type RunConfig, runConfigSchema } from '../../src/protocol/runConfig';
import type { TrainerMessage, TrainerRequest } from '../../src/protocol/trainer';

export function temporaryFolder(): string {
  return mkdtempSync(path.join(tmpdir(), 'thaw-host-'));
}

export const config: RunConfig = runConfigSchema.parse({
  data: { path: '/data/vehicles' },
  model: 'convnet_small',
  phases: [{ epochs: 3, learningRate: 0.001, rules: ['classifier.**'] }],
});

let clock = 1000;
/** Events with numbers and times. */
export function numbered(bodies: RunEventBody[], from = 1): RunEvent[] {
  return bodies.map((body, i) => ({ seq: from + i, time: clock++, ...body }) as RunEvent);
}

export const step = (n: number, epoch = 1): RunEventBody => ({
  type: 'step',
  step: n,
  epoch,
  totalSteps: 30,
  loss: 1 / n,
  accuracy: 0.5,
  learningRate: 0.001,
  examplesPerSecond: 10,
  memoryBytes: 1e6,
});

/** A run folder with a record and these events. */
export function runFolder(events: RunEvent[], root = temporaryFolder(), task: Task = 'image-classification'): string {
  const folder = path.join(root, 'run');
  mkdirSync(folder, { recursive: true });
  const record = {
    version: 1,
    id: 'vehicles-1',
    created: '2026-01-01T00:00:00.000Z',
    config: { ...config, data: { ...config.data, task } },
    dataFingerprint: '',
    classes: ['cars', 'trucks'],
    model: { id: 'convnet_small', family: 'convnet', source: 'scratch', licence: '', sha256: null },
    versions: {},
    threads: 1,
  };
  writeFileSync(path.join(folder, runFiles.record), JSON.stringify(record));
  writeEvents(folder, events);
  return folder;
}

export function writeEvents(folder: string, events: RunEvent[]): void {
  writeFileSync(path.join(folder, runFiles.events), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

/** What a run's process would be: it listens, and says what a test tells it to. */
export class FakeTrainer {
  readonly requests: TrainerRequest[] = [];
  readonly sockets = new Set<Socket>();
  refuse = false;

  private constructor(
    private readonly server: Server,
    readonly address: string,
  ) {}

  static async listen(folder: string): Promise<FakeTrainer> {
    const address = process.platform === 'win32' ? `\\\\.\\pipe\\thaw-test-${process.pid}-${clock++}` : path.join(temporaryFolder(), 's');
    const server = createServer();
    const trainer = new FakeTrainer(server, address);
    server.on('connection', (socket) => trainer.serve(socket));
    await new Promise<void>((resolve) => server.listen(address, resolve));
    const entry = { pid: process.pid, address, started: Date.now(), host: hostname() };
    writeFileSync(path.join(folder, runFiles.process), JSON.stringify(entry));
    return trainer;
  }

  say(message: TrainerMessage): void {
    this.write(`${JSON.stringify(message)}\n`);
  }

  write(text: string): void {
    for (const socket of this.sockets) socket.write(text);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n').filter(Boolean)) {
        const request = JSON.parse(line) as TrainerRequest;
        this.requests.push(request);
        const failure = this.refuse ? { code: 'run.busy' as const, message: 'No.', hint: 'Wait.' } : null;
        socket.write(`${JSON.stringify({ type: 'reply', id: request.id, failure } satisfies TrainerMessage)}\n`);
      }
    });
  }
}

/** Waits until something holds. */
export async function until(holds: () => boolean, what = 'it'): Promise<void> {
  const end = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const leaf = (name: string, size: number): LayerNode => ({
  name,
  type: 'Linear',
  outputShape: [size],
  parameters: size,
  trainable: 0,
  tensors: [{ name: `${name}.weight`, shape: [size], statistic: false }],
  children: [],
});
const group = (name: string, children: LayerNode[]): LayerNode => ({
  name,
  type: 'Sequential',
  outputShape: [1],
  parameters: children.reduce((sum, child) => sum + child.parameters, 0),
  trainable: 0,
  tensors: [],
  children,
});

export const tree: LayerNode = group('', [
  leaf('stem', 4),
  group('blocks', [
    group('blocks.0', [group('blocks.0.0', [leaf('blocks.0.0.conv', 8), leaf('blocks.0.0.bn', 2)])]),
    group('blocks.1', [leaf('blocks.1.0', 6), leaf('blocks.1.1', 6)]),
  ]),
  group('act', []),
  leaf('classifier', 10),
]);

export const facts: ModelFacts = {
  id: 'efficientnet_lite0',
  title: 'EfficientNet-Lite0',
  family: 'efficientnet_lite',
  task: 'image-classification',
  parameters: 36,
  bytes: 144,
  source: 'bundled',
  licence: 'Apache-2.0',
  imageSize: 224,
  pretrainedOn: 'ImageNet',
};

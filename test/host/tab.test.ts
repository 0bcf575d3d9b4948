import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asked, AskOptions, Assistant, AssistantQuestion } from '../../src/host/assistantProcess';
import type { Launching } from '../../src/host/runProcess';
import { RunSession } from '../../src/host/runSession';
import { Tab } from '../../src/host/tab';
import type { PickedModel, TabServices, TabUi } from '../../src/host/tabServices';
import type { AssistantAnswers } from '../../src/protocol/assistant';
import type { RunEventBody } from '../../src/protocol/events';
import { type Failure, ThawError } from '../../src/protocol/failure';
import type { ToPanel } from '../../src/protocol/panel';
import type { RunConfig } from '../../src/protocol/runConfig';
import { config, FakeTrainer, facts, numbered, runFolder, step, temporaryFolder, tree, until } from './fakes';

const summary: AssistantAnswers['inspect']['summary'] = {
  root: '',
  task: 'image-classification',
  classes: [
    { name: 'cars', count: 8 },
    { name: 'trucks', count: 8 },
  ],
  splits: { train: { count: 12, classes: [6, 6], origin: 'split' } },
  problems: [],
  fingerprint: 'f',
};
const presets = [
  { name: 'head' as const, rules: ['classifier.**'] },
  { name: 'top' as const, rules: ['blocks.1.**', 'classifier.**'] },
  { name: 'all' as const, rules: ['**'] },
];
const started: RunEventBody = { type: 'started', run: '/run', config };

class FakeAssistant implements Assistant {
  readonly asked: { type: AssistantQuestion; question: unknown }[] = [];
  dataFailure: ThawError | null = null;
  model = facts;
  answers = (): { [K in AssistantQuestion]: AssistantAnswers[K] } => ({
    inspect: { summary, examples: [{ path: 'cars/a.jpg', label: 0, split: 'train' }] },
    rows: { total: 0, rows: [] },
    tokens: { limit: null, texts: [] },
    lengths: [],
    thumbnails: [],
    seen: null,
    models: [this.model],
    layers: { facts: this.model, root: tree, presets },
    popular: [],
    hubModel: { id: '', bytes: 0, files: 0, licence: '', downloads: 0, gated: false, missing: 0, hasHeader: true },
    pull: { done: 0, total: 0 },
    cost: { secondsPerEpoch: 1, totalSeconds: 10, memoryBytes: 1e8 },
    predict: { input: 'a.jpg', label: 'cars', probabilities: { cars: 0.9, trucks: 0.1 } },
    generate: { delta: '' },
    doctor: { node: '', platform: '', threads: 1, memory: 1, engines: [], folders: {} },
  });

  async ask<T extends AssistantQuestion>(type: T, question: Asked<T>, options?: AskOptions<T>): Promise<AssistantAnswers[T]> {
    this.asked.push({ type, question });
    if (type === 'inspect' && this.dataFailure) throw this.dataFailure;
    const answer = this.answers()[type] as AssistantAnswers[T];
    if (type === 'inspect') options?.onProgress?.({ summary } as AssistantAnswers[T]);
    await new Promise((resolve) => setImmediate(resolve));
    return answer;
  }
}

describe('Tab', () => {
  let assistant: FakeAssistant;
  let tab: Tab;
  let trainer: FakeTrainer | null = null;
  let trusted = true;
  let begun: { folder: string; config: RunConfig } | null;
  let begin: (launching?: Launching) => Promise<RunSession>;
  let posted: ToPanel[];
  let picked: PickedModel | undefined;
  let downloaded: () => Promise<boolean>;
  const failures: Failure[] = [];
  const opened: string[] = [];
  const folder = path.join(temporaryFolder(), 'vehicles');
  mkdirSync(folder);

  const ui: TabUi = {
    pickModel: async () => picked,
    downloadModel: () => downloaded(),
    pickPicture: async () => undefined,
    openFile: (file) => opened.push(file),
    openFolder: () => {},
    showLog: () => {},
    manageTrust: () => {},
    installTensorflow: () => {},
    showFailure: (failure) => failures.push(failure),
  };

  beforeEach(() => {
    assistant = new FakeAssistant();
    trusted = true;
    begun = null;
    posted = [];
    failures.length = 0;
    opened.length = 0;
    begin = () => Promise.reject(new ThawError('data.tooFew', 'Too few.', 'Add some.'));
    const services: TabServices = {
      assistant,
      prober: assistant,
      ui,
      hub: async () => ({ token: 'hf_token' }),
      trusted: () => trusted,
      settings: () => ({ runsFolder: path.join(folder, '..', 'runs'), engine: 'onnx', device: 'cpu', threads: 2, idleMinutes: 5 }),
      sessions: {
        get: () => Promise.reject(new Error('not asked')),
        resume: () => begin(),
        begin: (runFolder, runConfig, launching) => {
          begun = { folder: runFolder, config: runConfig };
          return begin(launching);
        },
      },
    };
    tab = new Tab(folder, services);
    tab.posted.on((message) => posted.push(message));
  });
  afterEach(async () => {
    tab.session?.dispose();
    tab.dispose();
    await trainer?.close();
    trainer = null;
  });
  const ready = async () => {
    tab.open();
    await tab.handle({ type: 'seen' });
    await until(() => tab.state.phase === 'ready' && tab.state.layers !== null && !tab.state.data?.checking);
  };
  const training = async () => {
    const run = runFolder(numbered([started, { type: 'phase', index: 0, trainable: ['classifier.**'] }, step(1)]));
    trainer = await FakeTrainer.listen(run);
    begin = () => RunSession.open(run);
    await tab.handle({ type: 'start' });
    expect(tab.state.phase).toBe('training');
  };

  it('fills by itself, down to sensible defaults', async () => {
    await ready();
    expect(tab.state).toMatchObject({ model: facts, rules: ['classifier.**'], presets, training: { learningRate: 1e-3, epochs: 10 } });
    expect(tab.state.layers?.trainable).toBe(10);
    await until(() => tab.state.cost !== null);
  });

  describe('with many pictures', () => {
    const examples = Array.from({ length: 5000 }, (_, i) => ({ path: `cars/${i}.jpg`, label: 0, split: 'train' as const }));
    const rowsSent = () =>
      posted.flatMap((message) => (message.type === 'state' && message.state.examples ? [message.state.examples.length] : []));
    const asked = (type: AssistantQuestion) => assistant.asked.filter((question) => question.type === type);
    beforeEach(() => {
      const answers = assistant.answers;
      assistant.answers = () => ({ ...answers(), inspect: { summary, examples } });
    });

    it('sends the first of them before it is asked, and all rows once they are drawn', async () => {
      tab.tell();
      tab.open();
      await until(() => posted.filter((message) => message.type === 'thumbnails').length >= 2);
      const images = posted.flatMap((message) => (message.type === 'thumbnails' ? message.images : []));
      const first = examples.slice(0, Math.min(96, 8 * availableParallelism())).map((row) => row.path);
      expect(images.map((image) => image.path)).toEqual(first);
      await new Promise((resolve) => setTimeout(resolve, 400)); // longer than rows wait once pictures are drawn
      expect(Math.max(...rowsSent())).toBe(300);
      await tab.handle({ type: 'seen' });
      await until(() => rowsSent().at(-1) === 5000);
    });

    it('looks for models when they are drawn', async () => {
      tab.open();
      await until(() => asked('thumbnails').length >= 2 && !tab.state.data?.checking);
      expect([...asked('models'), ...asked('layers')]).toEqual([]);
      await tab.handle({ type: 'seen' });
      await until(() => tab.state.layers !== null);
    });

    it('tells a view that comes later everything', async () => {
      await ready();
      posted.length = 0;
      await tab.handle({ type: 'ready' });
      expect(posted[0]).toMatchObject({ type: 'state', state: { folder, phase: 'ready' } });
      expect(rowsSent()).toEqual([300]);
    });
  });

  describe('a model of the hub', () => {
    const onHub = { ...facts, id: 'org/name', source: 'hub' as const };
    const layersAsked = () => assistant.asked.filter(({ type }) => type === 'layers').map(({ question }) => question);

    it('shows its layers while it is downloaded, keeps what was ticked meanwhile, and cannot start before', async () => {
      await ready();
      picked = { id: 'org/name', onHub: true };
      assistant.model = onHub;
      let end: (isHere: boolean) => void = () => {};
      downloaded = () =>
        new Promise((resolve) => {
          end = resolve;
        });
      const changed = tab.handle({ type: 'changeModel' });
      await until(() => tab.state.model?.source === 'hub');
      expect(layersAsked().at(-1)).toEqual({ model: 'org/name', classes: 2, hub: { token: 'hf_token' } });
      await tab.handle({ type: 'start' });
      expect(begun).toBeNull();
      expect(failures.at(-1)?.code).toBe('model.missing');
      await tab.toggle('blocks', true);
      const { rules } = tab.state;
      assistant.model = { ...onHub, source: 'cached' };
      end(true);
      await changed;
      expect(tab.state).toMatchObject({ model: { id: 'org/name', source: 'cached' }, rules });
      expect(layersAsked().at(-1)).toEqual({ model: 'org/name', classes: 2, hub: undefined });
    });

    it('gives way to the one before when the download is cancelled', async () => {
      await ready();
      const before = tab.state.model;
      picked = { id: 'org/name', onHub: true };
      assistant.model = onHub;
      downloaded = async () => {
        assistant.model = facts;
        return false;
      };
      await tab.handle({ type: 'changeModel' });
      expect(tab.state.model).toEqual(before);
      expect(layersAsked().at(-1)).toMatchObject({ model: facts.id });
    });
  });

  it('lets all of a model learn that knows nothing yet', async () => {
    assistant.model = { ...facts, id: 'convnet_small', source: 'scratch', pretrainedOn: '' };
    await ready();
    expect(tab.state.rules).toEqual(['**']);
  });

  it('shows what is wrong with the data, and tries again', async () => {
    assistant.dataFailure = new ThawError('data.empty', 'Empty.', 'Fill it.');
    tab.open();
    await until(() => tab.state.dataFailure !== null);
    expect(tab.state.phase).toBe('ready');
    await tab.handle({ type: 'start' });
    expect(begun).toBeNull();
    assistant.dataFailure = null;
    await tab.handle({ type: 'retry' });
    await until(() => tab.state.layers !== null);
    expect(tab.state.dataFailure).toBeNull();
  });

  it('counts anew what learns when a box is ticked', async () => {
    await ready();
    await tab.handle({ type: 'toggle', layer: 'blocks.0', on: true });
    expect(tab.state.rules).toEqual(['classifier.**', 'blocks.0.**']);
    expect(tab.state.layers?.trainable).toBe(20);
    await tab.toggle('blocks.0', false);
    expect(tab.state.layers?.trainable).toBe(10);
  });

  it('lets the learning rate follow the preset until a person chooses one', async () => {
    await ready();
    await tab.handle({ type: 'preset', name: 'all' });
    expect(tab.state.training.learningRate).toBe(1e-4);
    await tab.handle({ type: 'training', fields: { learningRate: 0.02 } });
    await tab.handle({ type: 'preset', name: 'head' });
    expect(tab.state.training.learningRate).toBe(0.02);
  });

  it('looks at the data again when a split changes', async () => {
    await ready();
    await tab.handle({ type: 'training', fields: { testSplit: 0.3 } });
    await until(() => assistant.asked.filter(({ type }) => type === 'inspect').length === 2);
    expect(assistant.asked.findLast(({ type }) => type === 'inspect')?.question).toMatchObject({ testSplit: 0.3 });
  });

  it('starts a run of just what it shows', async () => {
    await ready();
    await tab.handle({ type: 'training', fields: { epochs: 4, optimizer: 'sgd' } });
    await training();
    expect(begun?.config).toMatchObject({
      data: { path: folder },
      model: facts.id,
      phases: [{ epochs: 4, rules: ['classifier.**'] }],
      optimizer: { name: 'sgd', weightDecay: 0.0001 },
      threads: 2,
      idleMinutes: 5,
    });
    expect(path.dirname(begun?.folder ?? '')).toBe(path.join(folder, '..', 'runs'));
    const events = posted.findLast((message) => message.type === 'events');
    expect(events).toMatchObject({ reset: true, events: [{ type: 'started' }, { type: 'phase' }, { type: 'step' }] });
  });

  it('starts nothing in an untrusted workspace', async () => {
    trusted = false;
    await ready();
    await tab.handle({ type: 'start' });
    expect(begun).toBeNull();
  });

  it('tells how far the texts of a run are read before it begins, and can be stopped then', async () => {
    await ready();
    begin = (launching) =>
      new Promise((_, reject) => {
        launching?.onPrepared?.({ done: 3, total: 7 });
        launching?.signal?.addEventListener('abort', () => reject(new ThawError('interrupted', 'Stopped.', '')));
      });
    const starting = tab.handle({ type: 'start' });
    await until(() => tab.state.phase === 'starting' && tab.state.prepared?.total === 7);
    expect(posted.at(-1)).toMatchObject({ type: 'state', state: { prepared: { done: 3, total: 7 } } });
    await tab.handle({ type: 'stop' });
    await starting;
    expect(tab.state).toMatchObject({ phase: 'ready', run: null, failure: null });
  });

  it('shows why a run could not begin', async () => {
    await ready();
    await tab.handle({ type: 'start' });
    expect(tab.state).toMatchObject({ phase: 'failed', failure: { code: 'data.tooFew' }, run: null });
  });

  it('sends a toggle to the run, and takes it back when it is refused', async () => {
    await ready();
    await training();
    await tab.toggle('stem', true);
    expect(trainer?.requests.at(-1)).toMatchObject({ type: 'freeze', rules: ['classifier.**', 'stem.**'] });
    const [frozen] = numbered([{ type: 'freeze', trainable: ['classifier.**', 'stem.**'], step: 1 }], 4);
    if (frozen) trainer?.say({ type: 'event', event: frozen });
    await until(() => tab.session?.events.length === 4);
    if (trainer) trainer.refuse = true;
    await tab.toggle('blocks.1', true);
    expect(tab.state.rules).toEqual(['classifier.**', 'stem.**']);
    expect(failures).toMatchObject([{ code: 'run.busy' }]);
  });

  it('follows a toggle that another window made', async () => {
    await ready();
    await training();
    const [frozen] = numbered([{ type: 'freeze', trainable: ['**'], step: 1 }], 4);
    if (frozen) trainer?.say({ type: 'event', event: frozen });
    await until(() => tab.state.rules[0] === '**');
    expect(tab.state.layers?.trainable).toBe(36);
  });

  it('keeps the fields of a run as they are while it goes on', async () => {
    await ready();
    await training();
    await tab.handle({ type: 'training', fields: { epochs: 99 } });
    expect(tab.state.training.epochs).toBe(10);
  });

  it('shows an earlier run with its own settings, and what became of it', async () => {
    const error: Failure = { code: 'training.diverged', message: 'NaN.', hint: 'Smaller steps.' };
    const events = numbered([started, { type: 'phase', index: 0, trainable: ['stem.**'] }, step(1), { type: 'failed', error }]);
    tab.openRun(await RunSession.open(runFolder(events)));
    await tab.handle({ type: 'seen' });
    await until(() => tab.state.layers !== null);
    expect(tab.state).toMatchObject({ phase: 'failed', failure: error, rules: ['stem.**'], training: { epochs: 3 } });
    await tab.handle({ type: 'ready' });
    const shown = posted.findLastIndex((message) => message.type === 'state' && message.state.folder);
    expect(posted.slice(shown, shown + 2)).toMatchObject([
      { type: 'state', state: { phase: 'failed' } },
      { type: 'events', reset: true, events },
    ]);
  });

  it('opens files of the data, none beside it, and names a missing one', async () => {
    writeFileSync(path.join(folder, 'a b.jpg'), '');
    writeFileSync(path.join(folder, '..', 'secret.txt'), '');
    await tab.handle({ type: 'openFile', path: 'a b.jpg' });
    await tab.handle({ type: 'openFile', path: '../secret.txt' });
    await tab.handle({ type: 'openFile', path: '/etc/passwd' });
    expect(opened).toEqual([path.join(folder, 'a b.jpg')]);
    expect(failures).toEqual([]);
    await tab.handle({ type: 'openFile', path: 'gone.jpg' });
    expect(failures[0]?.message).toContain('gone.jpg');
  });

  it('answers about a picture', async () => {
    const events = numbered([started, { type: 'stopped', step: 1 }]);
    tab.openRun(await RunSession.open(runFolder(events)));
    await tab.handle({ type: 'try', name: 'a.jpg', bytes: new Uint8Array([1]) });
    expect(tab.state.trial).toMatchObject({ name: 'a.jpg', busy: false, answer: { label: 'cars' }, failure: null });
  });
});

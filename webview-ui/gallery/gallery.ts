// The tab with a made-up host: gallery/index.html?state=training&theme=dark
import type { TextRow } from '../../src/protocol/data';
import type { FromPanel, PanelPhase, PanelState, ToPanel } from '../../src/protocol/panel';
import { toggled } from '../../src/protocol/rules';
import { pictureBytes } from './pictures';
import * as texts from './textWorld';
import * as world from './world';
import * as writing from './writingWorld';

const asked = new URLSearchParams(location.search);
const theme = asked.get('theme') ?? 'dark';
const state = asked.get('state') ?? 'training';
document.documentElement.dataset.theme = theme;
document.body.className = { dark: 'vscode-dark', light: 'vscode-light', hc: 'vscode-high-contrast' }[theme] ?? 'vscode-dark';

const send = (message: ToPanel) => window.postMessage(message, '*');
const ready: PanelState = {
  title: 'vehicles',
  folder: world.summary.root,
  trusted: state !== 'untrusted',
  phase: 'ready',
  data: { summary: world.summary, checking: false },
  dataFailure: null,
  refusal: null,
  examples: world.exampleRows(),
  textRows: [],
  cut: [],
  model: world.facts,
  modelFailure: null,
  layers: world.efficientNetLite0(),
  rules: ['classifier.**'],
  presets: world.presets,
  lora: null,
  training: world.fields,
  cost: { secondsPerEpoch: 3.4, totalSeconds: 41, memoryBytes: 450e6 },
  run: null,
  failure: null,
  predictions: [],
  trial: null,
  log: [],
};
const running = (phase: PanelPhase): PanelState => ({
  ...ready,
  phase,
  rules: world.thawedRules,
  cost: { secondsPerEpoch: 4.2, totalSeconds: 50, memoryBytes: 580e6 },
  run: { path: '/home/ada/.thaw/runs/2026-03-02-1041', id: '2026-03-02-1041' },
});

const readyTexts: PanelState = {
  ...ready,
  title: 'tickets.csv',
  folder: texts.ticketSummary.root,
  data: { summary: texts.ticketSummary, checking: false },
  examples: [],
  textRows: texts.tickets.slice(0, 100),
  cut: [texts.cut],
  model: texts.miniFacts,
  layers: texts.miniLM(),
  presets: texts.miniPresets,
  training: { ...world.fields, augmentation: 'none', maxLength: 0 },
  cost: { secondsPerEpoch: 38, totalSeconds: 480, memoryBytes: 1.2e9 },
};

const translating: PanelState = {
  ...readyTexts,
  title: 'letters.tsv',
  folder: writing.translationSummary.root,
  data: { summary: writing.translationSummary, checking: false },
  textRows: writing.translations.slice(0, 100),
  cut: [],
  model: writing.t5,
  training: { ...readyTexts.training, labelSmoothing: 0, prefix: 'translate English to German: ' },
};
const telling: PanelState = {
  ...translating,
  title: 'stories.txt',
  folder: writing.storySummary.root,
  data: { summary: writing.storySummary, checking: false },
  textRows: writing.stories.slice(0, 100),
  run: { path: '/home/ada/.thaw/runs/stories', id: 'stories' },
};

function stateOf(name: string): PanelState {
  switch (name) {
    case 'texts':
      return readyTexts;
    case 'lora':
      return {
        ...readyTexts,
        layers: texts.miniLM(world.fields.loraRank),
        rules: texts.miniPresets[3]!.rules,
        lora: { rank: 8, alpha: 16, dropout: 0, rslora: false, targets: [] },
      };
    case 'textsReading':
      return {
        ...readyTexts,
        phase: 'loading',
        data: { summary: { ...texts.ticketSummary, splits: {}, problems: [], fingerprint: '' }, checking: true, read: 1900 },
        textRows: texts.tickets.slice(0, 200),
        layers: null,
      };
    case 'textsFinished':
      return {
        ...readyTexts,
        phase: 'finished',
        run: { path: '/home/ada/.thaw/runs/tickets', id: 'tickets' },
        predictions: texts.predictions(),
        trial: {
          name: 'I was charged twice for the March invoice',
          busy: false,
          answer: {
            input: 'text',
            label: 'billing',
            probabilities: { billing: 0.981, account: 0.011, bug: 0.005, shipping: 0.003, feature: 0 },
          },
          failure: null,
        },
      };
    case 'writing':
    case 'chatting':
      return {
        ...readyTexts,
        title: 'stories.txt',
        phase: 'finished',
        run: { path: '/home/ada/.thaw/runs/stories', id: 'stories' },
        trial: {
          name: 'Once upon a time',
          busy: true,
          answer: null,
          failure: null,
          written: { text: ', there was a little girl named Lily. She loved to play outside in the sun', result: null },
        },
      };
    case 'translating':
      return translating;
    case 'translated':
      return {
        ...translating,
        phase: 'finished',
        run: { path: '/home/ada/.thaw/runs/letters', id: 'letters' },
        trial: {
          name: 'The train is late.',
          busy: false,
          answer: null,
          failure: null,
          written: {
            text: 'Der Zug ist verspätet.',
            result: { prompt: '', text: 'Der Zug ist verspätet.', tokens: 9, tokensPerSecond: 84, finish: 'eos' },
          },
        },
      };
    case 'telling':
      return { ...telling, phase: 'training' };
    case 'manyTexts':
      return { ...readyTexts, data: { summary: { ...texts.ticketSummary, problems: [] }, checking: false } };
    case 'textsRefused':
      return {
        ...readyTexts,
        refusal: {
          task: 'text-pair-classification',
          columns: { split: '' },
          failure: {
            code: 'config.invalid',
            message: '/home/ada/tickets.csv has no column that could be the secondText of the task text-pair-classification.',
            hint: 'Choose a column for it (in the terminal with --second-column), or another task. The columns: id, text, label.',
            path: '/home/ada/tickets.csv',
            misfit: { kind: 'noColumn', task: 'text-pair-classification', role: 'secondText' },
          },
        },
      };
    case 'chats':
      return { ...readyTexts, title: 'chats.jsonl', data: { summary: texts.chatSummary, checking: false }, textRows: [...texts.chats] };
    case 'loading':
      return { ...ready, phase: 'loading', data: null, examples: [], layers: null, cost: null };
    case 'broken':
      return {
        ...ready,
        phase: 'loading',
        data: null,
        examples: [],
        dataFailure: {
          code: 'data.empty',
          message: 'There is no picture in this folder.',
          hint: 'Choose a folder with a folder for each class.',
          path: '/tmp/x',
        },
      };
    case 'many': {
      const classes = Array.from({ length: 40 }, (_, i) => ({ name: `class ${i + 1}`, count: 250 - i }));
      const examples = Array.from({ length: 10_000 }, (_, i) => ({
        path: `train/${i % 40}/picture ${i}.jpg`,
        label: i % 40,
        split: 'train' as const,
      }));
      return {
        ...ready,
        data: { checking: false, summary: { ...world.summary, root: '/many', classes, splits: {}, problems: [] } },
        examples,
      };
    }
    case 'preparing':
    case 'training':
    case 'paused':
      return running(name);
    case 'ended':
      return running('ended');
    case 'stopped':
      return running('stopped');
    case 'failed':
      return { ...running('failed'), failure: world.failure };
    case 'finished':
      return {
        ...running('finished'),
        predictions: world.predictions(),
        trial: {
          name: 'IMG_2041.jpg',
          busy: false,
          answer: { input: 'IMG_2041.jpg', label: 'truck', probabilities: { truck: 0.964, car: 0.036 } },
          failure: null,
        },
      };
    default:
      return ready;
  }
}

function eventsOf(name: string) {
  switch (name) {
    case 'preparing':
      return world.eventsUntil(0, 'preparing');
    case 'training':
    case 'ended':
      return world.eventsUntil(5.63, 'training');
    case 'paused':
      return world.eventsUntil(5.63, 'paused');
    case 'stopped':
      return world.eventsUntil(6.4, 'stopped');
    case 'failed':
      return world.eventsUntil(5.39, 'failed');
    case 'finished':
      return world.eventsUntil(12, 'finished');
    case 'textsFinished':
      return texts.asTexts(world.eventsUntil(12, 'finished'), 'text-classification', texts.evaluation());
    case 'writing':
      return writing.asWriting(world.eventsUntil(12, 'finished'), 'causal-lm', {});
    case 'chatting':
      return writing.asWriting(world.eventsUntil(12, 'finished'), 'chat', {});
    case 'translated':
      return writing.asWriting(world.eventsUntil(12, 'finished'), 'text-to-text', { prefix: 'translate English to German: ' });
    case 'telling':
      return writing.asWriting(world.eventsUntil(5.63, 'training'), 'causal-lm', {});
    default:
      return [];
  }
}

let now = stateOf(state);
const patch = (part: Partial<PanelState>) => {
  now = { ...now, ...part };
  send({ type: 'state', state: part });
};

/** Of which pictures the tab has asked. */
const picturesAsked: string[] = [];
async function sendPictures(paths: readonly string[]): Promise<void> {
  send({ type: 'thumbnails', images: await Promise.all(paths.map(async (path) => ({ path, bytes: await pictureBytes(path) }))) });
}

/** A number: so many made-up ones. */
function rowsOf(name: string): readonly TextRow[] | number {
  switch (name) {
    case 'manyTexts':
      return 1_000_000;
    case 'chats':
      return texts.chats;
    case 'translating':
    case 'translated':
      return writing.translations;
    case 'telling':
      return writing.stories;
    default:
      return texts.tickets;
  }
}

async function answer(message: FromPanel): Promise<void> {
  switch (message.type) {
    case 'ready':
      if (state === 'many') await sendPictures(now.examples.slice(0, 16).map(({ path }) => path)); // made ahead, as by the real one
      send({ type: 'state', state: now, locale: 'en', l10n: {} });
      send({ type: 'events', reset: true, events: eventsOf(state) });
      if (now.trial) send({ type: 'trialPicture', bytes: await pictureBytes('truck of IMG_2041.jpg') });
      return;
    case 'thumbnails':
      picturesAsked.push(...message.paths);
      return sendPictures(message.paths);
    case 'rows': {
      const { filter, from, count } = message;
      send({ type: 'rows', filter, from, ...texts.pageOf(rowsOf(state), filter, from, count), failure: null });
      return;
    }
    case 'tokens': {
      const { prefix } = now.training;
      const read = message.texts.map((text, i) => (i === 0 ? prefix + text : text));
      send({
        type: 'tokens',
        where: message.where,
        answer: texts.tokensOf(message.chat ? message.texts : read, message.chat ? 24 : 128, message.chat),
      });
      return;
    }
    case 'toggle':
      return patch({ rules: toggled(now.rules, message.layer, message.on) });
    case 'preset':
      return patch({ rules: now.presets.find((p) => p.name === message.name)?.rules ?? now.rules });
    case 'training':
      return patch({ training: { ...now.training, ...message.fields } });
    default:
      console.info('to the host', message);
  }
}

Object.assign(window, {
  acquireVsCodeApi: () => ({
    postMessage: (message: FromPanel) => void answer(message),
    getState: () => null,
    setState: () => undefined,
  }),
  /** For tests and pictures: says something as the host would. */
  fromHost: send,
  picturesAsked,
});
globalThis.thawCharts = await import('../training/lineChart');
await import('../main');

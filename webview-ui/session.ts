import * as l10n from '@vscode/l10n';
import type { Task } from '../src/protocol/data';
import type { PanelMemento, PanelPhase, PanelState, ToPanel } from '../src/protocol/panel';
import { setLocale } from './format';
import { post, savedView, saveView } from './host';
import { Pulse } from './logic/pulse';
import { RunView } from './logic/run';
import { TextPages } from './logic/textPages';
import { restoredView, type View } from './logic/view';
import { Store } from './store';
import { TextTokens } from './textTokens';
import { Thumbnails } from './thumbnails';

const nothing: PanelState = {
  title: '',
  folder: '',
  trusted: true,
  phase: 'loading',
  data: null,
  dataFailure: null,
  refusal: null,
  examples: [],
  textRows: [],
  cut: [],
  model: null,
  modelFailure: null,
  layers: null,
  rules: [],
  presets: [],
  lora: null,
  training: {
    epochs: 10,
    batchSize: 16,
    learningRate: 0.001,
    augmentation: 'flip',
    earlyStopping: 0,
    maxLength: 0,
    longTexts: 'cut',
    prefix: '',
    optimizer: 'adamw',
    weightDecay: 0.01,
    labelSmoothing: 0.1,
    classWeights: 'none',
    schedule: 'cosine',
    warmup: 0.05,
    gradientClipping: 0,
    gradientAccumulation: 1,
    validationSplit: 0.15,
    testSplit: 0.15,
    seed: 0,
    loraRank: 8,
    loraAlpha: 16,
  },
  cost: null,
  run: null,
  failure: null,
  predictions: [],
  trial: null,
  log: [],
};

/** What the host holds and shows here. */
export const panel = new Store<PanelState>(nothing);
/** What is folded, filtered and picked: this tab's own. */
export const view = new Store<View>(restoredView(savedView()));
/** Fields whose text cannot be taken: the run waits for them. */
export const refused = new Store<{ fields: ReadonlySet<string> }>({ fields: new Set() });
/** The position under the pointer in both charts, in epochs. */
export const crosshair = new Store<{ at: number | null }>({ at: null });
/** Whether Layers stands beside the rest; set by the tab's own width. */
export const layout = new Store<{ wide: boolean; revealed: { layer: string } | null }>({ wide: false, revealed: null });
export const thumbnails = new Thumbnails((paths) => post({ type: 'thumbnails', paths }));
export const textPages = new TextPages((question) => post({ type: 'rows', ...question }));
export const textTokens = new TextTokens((question) => post({ type: 'tokens', ...question }));
/** The picture in Try it, as a blob: address. */
export const trialPicture = new Store<{ url: string | null }>({ url: null });

/** The run in this tab. A new object when another begins; `runPulse` beats at every change in it. */
export const run = { current: new RunView() };
export const runPulse = new Pulse();

/** What the run in this tab learned. */
export const runTask = (): Task => run.current.config?.data.task ?? panel.state.data?.summary.task ?? 'image-classification';

const goingOn: readonly PanelPhase[] = ['starting', 'preparing', 'training', 'paused'];
const withRun: readonly PanelPhase[] = [...goingOn, 'finished', 'stopped', 'failed', 'ended'];

/** A run is at work or will go on: its settings are fixed. */
export const isGoingOn = (phase: PanelPhase) => goingOn.includes(phase);
/** There is a run to show. */
export const hasRun = (state: PanelState) => withRun.includes(state.phase) && (state.run !== null || state.phase === 'starting');

export function showTrialPicture(bytes: Uint8Array): void {
  const { url } = trialPicture.state;
  if (url) URL.revokeObjectURL(url);
  trialPicture.patch({ url: URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>])) });
}

/** Takes in a message of the host. */
export function receive(message: ToPanel): void {
  switch (message.type) {
    case 'state': {
      if (message.l10n) l10n.config({ contents: message.l10n });
      if (message.locale) setLocale(message.locale);
      const { data, run: next } = message.state;
      const known = panel.state.data?.summary.root;
      if (data && known !== undefined && data.summary.root !== known) thumbnails.clear(); // the first ones come before they are known of
      if (otherTexts(message.state)) {
        textPages.clear();
        textTokens.clear();
      }
      if (next !== undefined && next?.path !== panel.state.run?.path) forgetRun();
      panel.patch(message.state);
      if ('folder' in message.state || 'run' in message.state) saveSoon();
      return;
    }
    case 'events':
      if (message.reset) forgetRun();
      for (const event of message.events) run.current.apply(event);
      runPulse.beat();
      return;
    case 'thumbnails':
      thumbnails.receive(message.images);
      return;
    case 'rows':
      textPages.receive(message);
      return;
    case 'tokens':
      textTokens.receive(message.where, message.answer);
      return;
    case 'trialPicture':
      showTrialPicture(message.bytes);
      return;
    case 'reveal':
      layout.patch({ revealed: { layer: message.layer } });
      return;
  }
}

/** Whether texts are read anew, or by another model's tokens. */
function otherTexts({ data, model, training }: Partial<PanelState>): boolean {
  const now = panel.state;
  return (
    (data !== undefined &&
      (data?.summary.fingerprint !== now.data?.summary.fingerprint || data?.summary.task !== now.data?.summary.task)) ||
    (model !== undefined && model?.id !== now.model?.id) ||
    (training !== undefined && (training.maxLength !== now.training.maxLength || training.prefix !== now.training.prefix))
  );
}

function forgetRun(): void {
  run.current = new RunView();
  crosshair.patch({ at: null });
  runPulse.beat();
}

let saving: ReturnType<typeof setTimeout> | undefined;
/** The folder and the run go along, so that a reloaded window opens the same tab (`PanelMemento`). */
function saveSoon(): void {
  clearTimeout(saving);
  saving = setTimeout(() => {
    const { folder, run } = panel.state;
    const memento: PanelMemento = { folder, run: run?.path ?? null };
    saveView({ ...view.state, ...memento });
  }, 200);
}
view.subscribe(saveSoon);

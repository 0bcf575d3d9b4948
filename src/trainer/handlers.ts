import { availableParallelism } from 'node:os';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { AssistantAnswers, InspectAnswer, PullState } from '../protocol/assistant';
import type { ExampleRow } from '../protocol/data';
import { ThawError } from '../protocol/failure';
import type { GenerateAnswer } from '../protocol/generation';
import { Pool } from './pool';
import type { Context, RequestOf } from './requests';
import type { TextRoom } from './textRoom';
import { Urgent } from './urgent';
import { WarmGenerator } from './warmGenerator';
import { WarmPredictor } from './warmPredictor';

type Handlers = {
  [K in Exclude<keyof AssistantAnswers, 'cancel'>]: (request: RequestOf<K>, context: Context) => Promise<AssistantAnswers[K]>;
};

const pictures = new Pool(availableParallelism());
/** Thumbnails are looked at now; thousands of files that are being checked can wait for them. */
const urgent = new Urgent();
/** Checking keeps all cores busy: it waits until for so many milliseconds nobody has asked for a picture… */
const atRest = 500;
/** …and the first are drawn, or for so long. */
const undrawn = 2500;
/** More rows than a window shows at once; all of a large folder take it a while to read, and pictures would wait for that. */
const firstRows = 300;
const loadThumbnails = () => import('../core/data/thumbnail');
const predictor = new WarmPredictor();
const generator = new WarmGenerator();

let texts: Promise<TextRoom> | undefined;
const textRoom = () => {
  texts ??= import('./textRoom').then((module) => new module.TextRoom());
  return texts;
};

/** What each request does. Rooms of the core are loaded when they are first asked for: a preview needs no engine. */
export const handlers: Handlers = {
  async inspect({ id: _, type: __, ...data }, { signal, progress }) {
    const { showsPictures } = await import('../core/data/glance');
    const { path: root, validationSplit, testSplit, task, columns } = data;
    if (task || columns || !(await showsPictures(root))) {
      const { kindOfData } = await import('../core/data/text');
      if (task || columns || (await kindOfData(root)) === 'texts') return (await textRoom()).inspect(data, { signal, progress });
    }
    // By itself, as all of core/data decodes pictures: files are counted, and told of, before that is loaded.
    const { openDataset } = await import('../core/data/openDataset');
    const turn = () => urgent.over(atRest);
    let told = 0;
    const onProgress = (summary: InspectAnswer['summary'], examples: ExampleRow[]) => {
      const now = ++told;
      const ahead = now === 1 && examples.length > firstRows;
      progress({ summary, examples: ahead ? examples.slice(0, firstRows) : examples } satisfies InspectAnswer);
      if (now === 1) {
        urgent.expect(undrawn);
        loadThumbnails().catch(() => {}); // they are asked for in a moment, and failures told then
      }
      if (ahead) void turn().then(() => told === now && progress({ summary, examples } satisfies InspectAnswer));
    };
    const dataset = await openDataset(root, { validationSplit, testSplit, signal, onProgress, turn });
    const examples = dataset.examples.map(({ path, label, split }) => ({ path, label, split }));
    const { findLookalikes } = await import('../core/data/lookalikes');
    const found = await findLookalikes(dataset, { signal, turn });
    return { summary: { ...dataset.summary, problems: [...dataset.summary.problems, ...found] }, examples };
  },

  async rows({ id: _, type: __, filter, from, count, model, prefix, ...data }, { signal }) {
    return (await textRoom()).rows(data, { filter, from, count, model, prefix }, signal);
  },

  async lengths({ id: _, type: __, model, maxLength, longTexts, prefix, ...data }, { signal }) {
    return (await textRoom()).lengths(data, { model, maxLength, longTexts, prefix }, signal);
  },

  async tokens({ id: _, type: __, model, ...question }) {
    return (await import('./tokens')).tokensOf(model, question);
  },

  async thumbnails({ root, paths, side }, { signal }) {
    const { thumbnail } = await loadThumbnails();
    return urgent.run(() =>
      Promise.all(paths.map((file) => pictures.run(async () => (signal.aborted ? null : thumbnail(path.join(root, file), side))))),
    );
  },

  async seen() {
    urgent.met();
    return null;
  },

  async models({ runsFolder }) {
    await urgent.over(); // loading what knows models keeps the process from anything else
    const { listModels, modelsFolder } = await import('../core/weights');
    return listModels({ modelsFolder: modelsFolder(), runsFolder });
  },

  async layers({ model: id, classes, task, lora, hub }, { signal }) {
    await urgent.over();
    if (task) return (await import('./textLayers')).textLayers(id, { task, classes, lora, ...(hub && { hub: { ...hub, signal } }) });
    const { describeAdapted, describeModel, locate, modelsFolder } = await import('../core/weights');
    const { shownInput } = await import('../core/models');
    const { layerTree } = await import('../core/nn');
    const { presetsOf } = await import('../core/methods');
    const here = { modelsFolder: modelsFolder(), ...(hub && { hub: { ...hub, signal } }) };
    const places = { ...here, located: await locate(id, here) };
    const describe = (keepsAdapter: boolean) => describeModel(id, { classes, keepsAdapter, ...places });
    const { model, facts } = (await describeAdapted(id, lora, places, describe)).described;
    return { facts, root: layerTree(model.root, shownInput(model)), presets: presetsOf(model) };
  },

  async popular({ task, search, hub }, { signal }) {
    const { hubSettings, popularModels } = await import('../core/weights/hub');
    return popularModels(task, { search, settings: hubSettings(hub), signal });
  },

  async hubModel({ model, hub }, { signal }) {
    return (await import('./hubFacts')).hubFacts(model, hub, signal);
  },

  async pull({ model, hub }, { signal, progress }) {
    const { hubName, hubSettings, pull } = await import('../core/weights/hub');
    const report = throttled(progress);
    const { fetched } = await pull(hubName(model), { settings: hubSettings(hub), signal, onProgress: report });
    return { done: fetched, total: fetched };
  },

  async cost({ config, examples, classes, texts: data }) {
    const { estimateCost } = await import('../core/training');
    const { modelsFolder } = await import('../core/weights');
    const options = { examples, classes, modelsFolder: modelsFolder() };
    if (!data) return estimateCost(config, options);
    return (await textRoom()).withTexts(data, config.model, (texts) => estimateCost(config, { ...options, texts }));
  },

  async predict({ run, name, bytes, path: file, text, pair }) {
    const source = text ?? bytes ?? file;
    if (source === undefined)
      throw new ThawError('usage', l10n.t('There is nothing to look at.'), l10n.t('Give a picture’s bytes or its path, or a text.'));
    return predictor.predict(run, { name, source, ...(text !== undefined && { pair }) });
  },

  async generate({ model, prompt, options }, { signal, progress }) {
    const tell = (delta: string) => progress({ delta } satisfies GenerateAnswer);
    return { delta: '', result: await generator.write(model, prompt, { ...options, signal, tell }) };
  },

  async doctor() {
    return (await import('./doctor')).examine();
  },
};

/** At most ten times a second: what nobody can read needs no message. */
function throttled(tell: (value: PullState) => void): (value: PullState) => void {
  let last = 0;
  return (value) => {
    const now = performance.now();
    if (value.waiting === undefined && now - last < 100) return;
    last = now;
    tell(value);
  };
}

import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Task } from '../../protocol/data';
import { ThawError } from '../../protocol/failure';
import type { Answer } from '../../protocol/report';
import { decodePicture, prefetched } from '../data';
import { createEngine } from '../engine';
import type { TextModel } from '../models/text';
import { type Encoded, padded } from '../text';
import { describeTextById, loadModel, loadTextById, type Places, type TextModelById } from '../weights';
import { readsTexts } from './examples/texts';
import { type Answerer, compileWhole } from './judging';
import { argMax, softmaxOf } from './metrics';
import { readsPictures } from './reads';
import { runOf } from './runOf';
import { lengthFor, openTokenizer } from './subject/texts';

/** What to ask about: a picture's file or bytes, or a text. */
export interface Asked {
  /** What to call it in the answer. */
  readonly name: string;
  /** Of a picture: the path or bytes of its file. Of texts: the text itself. */
  readonly source: string | Uint8Array;
  /** The second text of a pair. */
  readonly pair?: string;
}

/** A trained classifier, ready to answer. */
export interface Predictor {
  /** What it answers for. */
  readonly task: Extract<Task, 'image-classification' | 'text-classification'>;
  readonly labels: readonly string[];
  /**
   * Answers one after the other.
   * @throws ThawError `data.unreadable` naming the first picture that cannot be decoded.
   */
  predict(inputs: readonly Asked[]): Promise<Answer[]>;
  dispose(): Promise<void>;
}

/** Pictures that are decoded while another is computed. */
const decodedAhead = 4;

/**
 * Loads the model of a run, or of a model's own folder. Long texts are cut or split as the run has it.
 * @throws ThawError `model.missing`, `model.corrupt`, `model.unsupported`, `engine.missing`; `usage` for a model that writes.
 */
export async function loadPredictor(folder: string, places: Places): Promise<Predictor> {
  const texts = await describeTextById(folder, places);
  return texts ? loadTextPredictor(folder, texts, places) : loadPicturePredictor(folder, places);
}

async function loadPicturePredictor(folder: string, places: Places): Promise<Predictor> {
  const [engine, loaded] = await Promise.all([createEngine('onnx', { threads: 0 }), loadModel(folder, { ...places, seed: 0 })]);
  const { model, tensors } = loaded;
  const labels = loaded.labels ?? numbered(model.classes);
  // One at a time, so that an answer does not depend on what else was asked.
  const whole = compileWhole(engine, model, [readsPictures(model)], tensors, 1);
  return {
    task: 'image-classification',
    labels,
    async predict(inputs) {
      const answers: Answer[] = [];
      const decode = (i: number) => decodePicture(inputs[i]?.source as string | Uint8Array, model.input, null);
      for await (const x of prefetched(inputs.length, decode, decodedAhead))
        answers.push(answerOf(inputs[answers.length]?.name as string, labels, [await whole.logits({ x })]));
      return answers;
    },
    async dispose() {
      await whole.dispose();
      await engine.dispose();
    },
  };
}

/** Lengths that a text is filled up to, so that many texts need few graphs. */
const lengths = [16, 32, 64, 128, 256, 512];

async function loadTextPredictor(id: string, { model: described, folder, facts }: TextModelById, places: Places): Promise<Predictor> {
  if (described.kind !== 'sequence-classification')
    throw new ThawError(
      'usage',
      l10n.t('This model writes text; it has no classes to choose from.'),
      l10n.t('Let it write: thaw generate {0} --prompt TEXT', path.relative('', id) || '.'),
    );
  const tokenizer = await openTokenizer(folder, described, facts.id);
  const [engine, loaded] = await Promise.all([createEngine('onnx', { threads: 0 }), loadTextById(id, { ...places, seed: 0 })]);
  if (!loaded) throw new Error('The model was one of texts.');
  const { model, tensors } = loaded;
  const labels = loaded.labels ?? numbered(model.classes);
  const { longTexts = 'cut', ...config } = (await runOf(id))?.config ?? {};
  const maxLength = lengthFor('text-classification', config, model, tokenizer);
  const forms = [...lengths.filter((length) => length < maxLength), maxLength];
  const whole = compileWhole(
    engine,
    model,
    forms.map((length) => readsTexts(model, length)),
    tensors,
    1,
  );
  return {
    task: 'text-classification',
    labels,
    async predict(inputs) {
      const answers: Answer[] = [];
      for (const { name, source, pair } of inputs) {
        const said: Float32Array[] = [];
        const options = { pair, maxLength };
        const encoded =
          longTexts === 'windows' ? tokenizer.windows(source as string, options) : [tokenizer.encode(source as string, options)];
        for (const sequence of encoded) {
          const form = forms.findIndex((length) => length >= sequence.ids.length);
          said.push(await askText(whole, model, sequence, form, forms[form] as number, tokenizer.padding));
        }
        answers.push(answerOf(name, labels, said));
      }
      return answers;
    },
    async dispose() {
      await whole.dispose();
      await engine.dispose();
    },
  };
}

function askText(
  whole: Answerer,
  model: TextModel,
  sequence: Encoded,
  form: number,
  length: number,
  padding: number,
): Promise<Float32Array> {
  const { ids: x, mask, types } = padded([sequence], 1, length, padding);
  const beside = Object.fromEntries(model.input.beside.map((name) => [name, name === 'types' ? types : mask]));
  return whole.logits({ form, x, beside });
}

/** @param windows logits; of a text that is split into several, the mean of what they say */
function answerOf(input: string, labels: readonly string[], windows: readonly Float32Array[]): Answer {
  const each = windows.map(softmaxOf);
  const shares = labels.map((_, i) => each.reduce((sum, window) => sum + (window[i] as number), 0) / each.length);
  const probabilities = Object.fromEntries(labels.map((label, i) => [label, shares[i] as number]));
  return { input, label: labels[argMax(shares)] as string, probabilities };
}

function numbered(classes: number): string[] {
  return Array.from({ length: classes }, (_, i) => String(i));
}

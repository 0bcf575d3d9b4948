import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Problem, TextTask } from '../../../protocol/data';
import { ThawError } from '../../../protocol/failure';
import { runFiles } from '../../../protocol/paths';
import type { LongTexts, RunConfig } from '../../../protocol/runConfig';
import { openTextDataset, type TextDataset } from '../../data/text';
import { setDropout } from '../../models';
import { headFor, type TextModel } from '../../models/text';
import { TextTokenizer } from '../../text';
import { describeForTask, loadTextById, saveTextModel } from '../../weights';
import { blocksOfTexts } from '../examples/blocks';
import type { EncodingOptions } from '../examples/encoding';
import { bytesOfForm } from '../examples/formCost';
import { sequencesOf } from '../examples/ofDataset';
import { windowsOf } from '../examples/ofWindows';
import type { Sequences } from '../examples/sequences';
import { TextExamples } from '../examples/texts';
import type { Preparing } from '../preparing';
import { select } from '../selection';
import { withAdapters } from './adapted';
import type { Subject, SubjectOptions } from './subject';
import { writingOf } from './writing';

/** Tokens of a text where nobody says how many: beyond, attention's square costs more than most tasks gain. */
const usualLength = { 'causal-lm': 256, other: 512 };

/** Texts and a transformer. @throws ThawError `data.*`, `model.*`, `config.invalid` */
export async function openTexts(
  config: RunConfig,
  task: TextTask,
  { asItIs = false, signal, onPrepared, ...places }: SubjectOptions,
): Promise<Subject> {
  const { path: root, columns, validationSplit, testSplit } = config.data;
  const dataset = await openTextDataset(root, {
    ...{ task, columns, validationSplit, testSplit, signal },
    onRows: (done) => onPrepared?.({ done, total: null }),
  });
  try {
    const { classes } = dataset;
    const options = { head: headFor(task), ...(classes.length > 0 && !asItIs && { classes: classes.length, labels: classes }) };
    const found = await withAdapters(config, { ...places, asItIs, labels: classes }, (keepsAdapter) =>
      describeForTask(config.model, task, { ...options, ...places, keepsAdapter }),
    );
    const { plain, keepsAdapter, adapted } = found;
    const { model, facts, folder } = found.described;
    if (!asItIs) setDropout(model, config.dropout);
    const tokenizer = await openTokenizer(folder, model, facts.id);
    const { prefix } = config.data;
    const selections = asItIs ? [] : config.phases.map(({ rules }) => select(model, rules));
    const formBytes = bytesOfForm(model, selections);
    const sized = { maxLength: lengthFor(task, config, model, tokenizer), parameters: facts.parameters };
    const { sequences, problems } = await sequencesFor(dataset, { ...sized, tokenizer, prefix }, config.longTexts, { signal, onPrepared });
    const summary = { ...dataset.summary, problems: [...dataset.summary.problems, ...problems] };
    return {
      examples: new TextExamples({
        ...{ ...sized, summary, classes, sequences, model, formBytes },
        padding: tokenizer.padding,
        batchSize: config.batchSize,
      }),
      writing: writingOf(task, { ...sized, dataset, sequences, tokenizer, model: plain, plain: (of) => adapted?.plain(of) ?? of, prefix }),
      model,
      base: facts,
      async load() {
        const loaded = await loadTextById(config.model, { ...options, ...places, keepsAdapter, seed: config.seed });
        if (!loaded) throw new Error('The model was one of texts.');
        return { tensors: adapted?.begin(loaded.tensors) ?? new Map(loaded.tensors), sha256: loaded.sha256 };
      },
      merged: adapted?.merged ?? new Set(),
      warnings: adapted?.warnings ?? [],
      async save(run, { tensors, touched, card }) {
        const files = tokenizer.files.map((name) => path.join(folder, name));
        const whole = adapted?.plain(tensors) ?? tensors;
        await saveTextModel(path.join(run, runFiles.model), { model: plain, tensors: whole, labels: classes, card, files });
        await adapted?.save(run, tensors, touched);
      },
    };
  } catch (error) {
    await dataset.close();
    throw error;
  }
}

/** @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`, also where it knows more tokens than the model */
export async function openTokenizer(folder: string, model: TextModel, name: string): Promise<TextTokenizer> {
  const tokenizer = await TextTokenizer.open(folder);
  tokenizer.requireFit(model.input.vocabulary, name);
  return tokenizer;
}

/** Tokens that a text may have: what is asked for, within what model and tokenizer take. */
export function lengthFor(
  task: TextTask,
  { maxLength }: Pick<RunConfig, 'maxLength'>,
  model: TextModel,
  tokenizer: Pick<TextTokenizer, 'maxLength'>,
): number {
  const wanted = maxLength ?? (task === 'causal-lm' ? usualLength['causal-lm'] : usualLength.other);
  const limit = Math.min(model.input.maximumLength, tokenizer.maxLength ?? Number.POSITIVE_INFINITY);
  return Math.min(wanted, limit);
}

/** @throws ThawError `data.empty` where nothing is there to learn from */
async function sequencesFor(
  dataset: TextDataset,
  options: EncodingOptions,
  longTexts: LongTexts,
  preparing: Preparing,
): Promise<{ sequences: Sequences; problems: Problem[] }> {
  const found =
    dataset.task === 'causal-lm'
      ? { sequences: await blocksOfTexts(dataset, { ...options, preparing }), problems: [] }
      : await (longTexts === 'windows' ? windowsOf : sequencesOf)(dataset, options, preparing);
  if (found.sequences.members('train').length > 0) return found;
  throw new ThawError(
    'data.empty',
    l10n.t('{0} has too little text to learn from.', dataset.root),
    l10n.t('A language model needs two tokens at least that follow each other. Add texts.'),
    { path: dataset.root },
  );
}

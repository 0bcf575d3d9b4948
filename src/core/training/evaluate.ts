import * as l10n from '@vscode/l10n';
import type { Split } from '../../protocol/data';
import { ThawError } from '../../protocol/failure';
import type { Evaluation } from '../../protocol/report';
import { type Dataset, decodeBatch, openDataset, prefetched } from '../data';
import { createEngine } from '../engine';
import { readRecord } from '../runs';
import { loadModel } from '../weights';
import { chunksOf } from './chunks';
import { compileWhole, judgeBatch } from './judging';
import { evaluationOf, type Judgement } from './metrics';

export interface EvaluateOptions {
  readonly split: Exclude<Split, 'train'>;
  /** Other data than the run's own: its split of that name, or all of it where it has none. */
  readonly dataPath?: string;
  readonly modelsFolder: string;
}

/**
 * How good a run's model is on a split of its data, or on other data of the same classes. The loss is the mean
 * cross-entropy in nats, without label smoothing; examples that cannot be read are left out.
 * @throws ThawError `run.missing`, `model.missing`, `data.*`; `data.unsupported` for a class that the model does not know.
 */
export async function evaluateRun(folder: string, { split, dataPath, modelsFolder }: EvaluateOptions): Promise<Evaluation> {
  const { config, classes, threads } = await readRecord(folder);
  const { data } = config;
  const dataset = await openDataset(dataPath ?? data.path, {
    validationSplit: dataPath === undefined ? data.validationSplit : 0,
    testSplit: dataPath === undefined ? data.testSplit : 0,
  });
  const indices = examplesOf(dataset, split, dataPath !== undefined);
  const labels = labelsIn(dataset, classes);
  const [engine, { model, tensors }] = await Promise.all([
    createEngine(config.engine, { threads }),
    loadModel(folder, { modelsFolder, seed: config.seed }),
  ]);
  try {
    const chunks = chunksOf(indices, Math.min(config.batchSize, indices.length));
    const { logits, dispose } = await compileWhole(engine, model, tensors, Math.min(config.batchSize, indices.length));
    const judgements: Judgement[] = [];
    const unreadable = new Set<number>();
    const decode = async (i: number) => {
      const chunk = chunks[i] as (typeof chunks)[number];
      const views = chunk.examples.map(() => null);
      const decoded = await decodeBatch(dataset, chunk.examples, model.input, views);
      return { chunk, ...decoded };
    };
    for await (const { chunk, images, unreadable: positions } of prefetched(chunks.length, decode, 2)) {
      for (const position of positions) unreadable.add(chunk.examples[position] as number);
      const labelOf = (i: number) => labels[dataset.examples[i]?.label as number] as number;
      judgements.push(...judgeBatch(await logits(images), chunk, labelOf, unreadable));
    }
    await dispose();
    return evaluationOf(judgements, classes);
  } finally {
    await engine.dispose();
  }
}

function examplesOf(dataset: Dataset, split: Split, orAll: boolean): number[] {
  const all = dataset.examples.map((_, i) => i);
  const own = all.filter((i) => dataset.examples[i]?.split === split);
  if (own.length > 0) return own;
  if (orAll && all.length > 0) return all;
  throw new ThawError(
    'data.empty',
    l10n.t('The data have no {0} examples.', split),
    l10n.t('Choose the other split, or give other data with --data.'),
    { path: dataset.root },
  );
}

/** For each class of the data its index among the model's. */
function labelsIn(dataset: Dataset, classes: readonly string[]): number[] {
  const strangers = dataset.classes.filter((name) => !classes.includes(name));
  if (strangers.length === 0) return dataset.classes.map((name) => classes.indexOf(name));
  throw new ThawError(
    'data.unsupported',
    l10n.t('The model does not know these classes: {0}.', strangers.join(', ')),
    l10n.t('It knows {0}. Give data of the same classes.', classes.join(', ')),
    { path: dataset.root },
  );
}

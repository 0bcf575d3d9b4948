import * as l10n from '@vscode/l10n';
import type { Split } from '../../protocol/data';
import { ThawError } from '../../protocol/failure';
import type { Evaluation } from '../../protocol/report';
import { prefetched } from '../data';
import { createEngine } from '../engine';
import { readRecord } from '../runs';
import { chunksOf } from './chunks';
import type { Company, Examples } from './examples/examples';
import { compileWhole, evaluationOfVerdict, judgeBatch, noVerdict } from './judging';
import { openSubject } from './subject/open';
import { withWritten } from './writing';

export interface EvaluateOptions {
  readonly split: Exclude<Split, 'train'>;
  /** Other data than the run's own: its split of that name, or all of it where it has none. */
  readonly dataPath?: string;
  readonly modelsFolder: string;
}

/** Batches that are read ahead. */
const readAhead = 2;

/**
 * How good a run's model is on a split of its data, or on other data of the same classes. The loss is the mean
 * cross-entropy in nats, without label smoothing; examples that cannot be read are left out.
 * @throws ThawError `run.missing`, `model.missing`, `data.*`; `data.unsupported` for a class that the model does not know.
 */
export async function evaluateRun(folder: string, { split, dataPath, modelsFolder }: EvaluateOptions): Promise<Evaluation> {
  const { config, classes, threads } = await readRecord(folder);
  const other = dataPath === undefined ? {} : { path: dataPath, validationSplit: 0, testSplit: 0 };
  const data = { ...config.data, ...other };
  const subject = await openSubject({ ...config, data, model: folder }, { modelsFolder, asItIs: true });
  const { examples, model } = subject;
  try {
    const known = withClasses(examples, classes, data.path);
    const members = membersOf(examples, split, data.path, dataPath !== undefined);
    const batchSize = Math.min(config.batchSize, members.length);
    const chunks = chunksOf(members, batchSize, (example) => examples.formOf(example));
    const [engine, { tensors }] = await Promise.all([createEngine(config.engine, { threads }), subject.load()]);
    try {
      const whole = compileWhole(engine, model, examples.forms, tensors, batchSize);
      const verdict = noVerdict(known);
      const unreadable = new Set<number>();
      const read = async (i: number) => {
        const chunk = chunks.at(i);
        return { chunk, form: chunk.form, ...(await known.read(chunk, null, false)) };
      };
      for await (const batch of prefetched(chunks.length, read, readAhead)) {
        for (const position of batch.unreadable) unreadable.add(batch.chunk.examples[position] as number);
        await judgeBatch(verdict, whole, batch, unreadable);
      }
      await whole.dispose();
      const evaluation = evaluationOfVerdict(verdict, classes);
      if (evaluation) return await withWritten(evaluation, subject, split, { engine, tensors, turn: async () => {} });
      throw noExamples(split, data.path);
    } finally {
      await engine.dispose();
    }
  } finally {
    await examples.close();
  }
}

function membersOf(examples: Examples, split: Split, path: string, orAll: boolean): ArrayLike<number> {
  const own = examples.members(split);
  if (own.length > 0) return own;
  const all = (['train', 'validation', 'test'] as const).flatMap((name) => Array.from(examples.members(name))).sort((a, b) => a - b);
  if (orAll && all.length > 0) return all;
  throw noExamples(split, path);
}

function noExamples(split: Split, path: string): ThawError {
  return new ThawError(
    'data.empty',
    l10n.t('The data have no {0} examples.', split),
    l10n.t('Choose the other split, or give other data with --data.'),
    { path },
  );
}

/** The examples with the numbers that the model has for their classes. */
function withClasses(examples: Examples, classes: readonly string[], path: string): Pick<Examples, 'classes' | 'read' | 'windows'> {
  const strangers = examples.classes.filter((name) => !classes.includes(name));
  if (strangers.length > 0)
    throw new ThawError(
      'data.unsupported',
      l10n.t('The model does not know these classes: {0}.', strangers.join(', ')),
      l10n.t('It knows {0}. Give data of the same classes.', classes.join(', ')),
      { path },
    );
  if (classes.length === 0) return examples;
  const number = examples.classes.map((name) => classes.indexOf(name));
  const known = <C extends Company>(company: C) => ({ ...company, labels: company.labels.map((label) => number[label] as number) });
  return { classes, windows: examples.windows, read: async (...given) => known(await examples.read(...given)) };
}

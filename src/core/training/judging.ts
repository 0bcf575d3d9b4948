import type { Evaluation } from '../../protocol/report';
import type { Engine, NamedTensors, Program, TensorData } from '../engine/engine';
import type { Network } from '../models/model';
import type { Company, Examples } from './examples/examples';
import { Gathering } from './examples/windows';
import type { FeatureBatch } from './features';
import { evaluationOf, type Judgement, judge, judgeWindows, tokenLosses } from './metrics';
import { besideFeeds, besideInputs, type Reads } from './reads';
import type { Stage } from './stage';
import { inferenceStep, tokenStep } from './steps';

/** What answers for a batch: a stage from its features, or a whole model from pictures and texts themselves. */
export type Answerer = Pick<Stage, 'logits' | 'tokens'>;

/** What a model says of some examples. */
export type Verdict =
  | {
      readonly kind: 'classes';
      /** One for each picture or text. */
      readonly judgements: Judgement[];
      /** Logits of windows whose texts have others to come. */
      readonly windows: Gathering<Float32Array>;
    }
  /** Sums over all tokens that count. */
  | { readonly kind: 'tokens'; nats: number; tokens: number; right: number };

export function noVerdict({ classes, windows }: Pick<Examples, 'classes' | 'windows'>): Verdict {
  return classes.length > 0
    ? { kind: 'classes', judgements: [], windows: new Gathering(windows) }
    : { kind: 'tokens', nats: 0, tokens: 0, right: 0 };
}

/** Asks about a batch and adds what is said, without its padding and what cannot be read. */
export async function judgeBatch(
  verdict: Verdict,
  answerer: Answerer,
  batch: FeatureBatch,
  unreadable: ReadonlySet<number>,
): Promise<void> {
  const { examples, real } = batch.chunk;
  const counted = examples.map((example, i) => i < real && !unreadable.has(example));
  switch (verdict.kind) {
    case 'classes': {
      const logits = await answerer.logits(batch);
      const classes = logits.length / examples.length;
      for (const [i, example] of examples.entries()) {
        const said = counted[i] ? verdict.windows.add(example, logits.slice(i * classes, (i + 1) * classes)) : null;
        if (said) verdict.judgements.push(judgeText(said.all, batch.labels[i] as number, said.text));
      }
      return;
    }
    case 'tokens': {
      const { losses, predicted } = await answerer.tokens(batch);
      const length = losses.length / examples.length;
      for (const [i, loss] of losses.entries()) {
        if (!counted[Math.floor(i / length)] || batch.counts[i] === 0) continue;
        verdict.nats += loss;
        verdict.tokens++;
        if (predicted[i] === batch.labels[i]) verdict.right++;
      }
      return;
    }
  }
}

function judgeText(windows: readonly Float32Array[], label: number, text: number): Judgement {
  const [only, ...others] = windows;
  return only && others.length === 0 ? judge(only, label, text) : judgeWindows(windows, label, text);
}

/** Null where nothing was judged. */
export function evaluationOfVerdict(verdict: Verdict, classes: readonly string[]): Evaluation | null {
  switch (verdict.kind) {
    case 'classes':
      return verdict.judgements.length > 0 ? evaluationOf(verdict.judgements, classes) : null;
    case 'tokens': {
      const { loss, perplexity, tokens } = tokenLosses([verdict]);
      return loss === null || perplexity === null ? null : { loss, perplexity, accuracy: verdict.right / tokens, tokens };
    }
  }
}

/** A whole model for inference, all of it constants; compiled for a form when it is first met. */
export function compileWhole(
  engine: Engine,
  model: Network,
  forms: readonly Reads[],
  tensors: NamedTensors,
  batchSize: number,
): Answerer & { dispose(): Promise<void> } {
  const programs = new Map<number, Promise<Program>>();
  const program = (form: number) => {
    const reads = forms[form] as Reads;
    const batched = (shape: readonly number[]) => [batchSize, ...shape];
    const tells = reads.labels.length > 0;
    const made =
      programs.get(form) ??
      engine.compile(tells ? tokenStep(model.chain) : inferenceStep(model.chain), {
        state: new Map(),
        constants: tensors,
        inputs: {
          x: { dtype: reads.x.dtype, shape: batched(reads.x.shape) },
          ...besideInputs(reads, batchSize),
          ...(tells && { labels: { dtype: 'int32', shape: batched(reads.labels) } }),
        },
        lean: forms.length > 1,
      });
    programs.set(form, made);
    return made;
  };
  const data = (tensor: TensorData | undefined) => (tensor as TensorData).data;
  return {
    async logits({ form = 0, x, beside = {} }) {
      return data((await (await program(form)).run({ x, ...besideFeeds(beside) })).y) as Float32Array;
    },
    async tokens({ form = 0, x, beside = {}, labels }) {
      const { losses, predicted } = await (await program(form)).run({ x, ...besideFeeds(beside), labels });
      return { losses: data(losses) as Float32Array, predicted: data(predicted) as Int32Array };
    },
    async dispose() {
      for (const made of programs.values()) await (await made).dispose();
    },
  };
}

/** Of a batch's answers, how many were right and how many counted: those with a weight, a window as its share of the text. */
export function rightOf(
  predicted: Int32Array,
  { labels, counts }: Pick<Company, 'labels' | 'counts'>,
  weights: Float32Array,
): { right: number; count: number } {
  let [right, count] = [0, 0];
  for (const [i, weight] of weights.entries()) {
    if (weight === 0) continue;
    count += counts[i] as number;
    if (predicted[i] === labels[i]) right += counts[i] as number;
  }
  return { right, count };
}

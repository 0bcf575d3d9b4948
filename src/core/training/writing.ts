import type { Sample } from '../../protocol/events';
import { type Evaluation, isOfClasses, type TokenEvaluation } from '../../protocol/report';
import type { Engine, NamedTensors } from '../engine/engine';
import type { Generator } from '../generation';
import { chrF, exactMatch, rougeL, type Written } from './metrics';

/** What a model is given to write on. */
export interface Prompt {
  readonly ids: readonly number[];
  readonly text: string;
  /** What it should write; null where anything may follow. */
  readonly expected: string | null;
}

/** How the model of a run writes. */
export interface Writing {
  /** Tokens at most of a text that is measured. */
  readonly longest: number;
  /** Whether what it writes is measured against what it should write. */
  readonly isMeasured: boolean;
  /** So many prompts from examples of a split, spread over it. */
  prompts(split: 'validation' | 'test', most: number): Promise<Prompt[]>;
  /** The model with these values, ready to write. */
  generator(engine: Engine, tensors: NamedTensors): Generator;
}

/** Tokens of a sample, which is for looking at. */
const sampleTokens = 40;

/**
 * Writes on from each prompt, greedily.
 * @param turn called before every piece; may throw to end it
 */
export async function writtenFor(
  { longest, generator }: Writing,
  prompts: readonly Prompt[],
  { engine, tensors, turn, isSample }: { engine: Engine; tensors: NamedTensors; turn: () => Promise<void>; isSample: boolean },
): Promise<Sample[]> {
  const writer = generator(engine, tensors);
  try {
    const samples: Sample[] = [];
    for (const { ids, text, expected } of prompts) {
      await turn();
      let written = '';
      for await (const piece of writer.write(ids, { maxNewTokens: isSample ? sampleTokens : longest })) {
        written += piece;
        await turn();
      }
      samples.push({ prompt: text, written, expected });
    }
    return samples;
  } finally {
    await writer.dispose();
  }
}

/** Of one split, that many are measured: writing takes its time. */
const measuredMost = 200;

/** An evaluation, with what the model writes for examples of the split where that is what it is for. */
export async function withWritten(
  evaluation: Evaluation,
  { writing }: { readonly writing?: Writing },
  split: 'validation' | 'test',
  by: { engine: Engine; tensors: NamedTensors; turn: () => Promise<void> },
): Promise<Evaluation> {
  if (!writing?.isMeasured || isOfClasses(evaluation)) return evaluation;
  const prompts = await writing.prompts(split, measuredMost);
  return { ...evaluation, ...scoresOf(await writtenFor(writing, prompts, { ...by, isSample: false })) };
}

/** Exact match, ROUGE-L and chrF over what should have been written. */
function scoresOf(samples: readonly Sample[]): Pick<TokenEvaluation, 'written'> {
  const pairs = samples.flatMap<Written>(({ written, expected }) => (expected === null ? [] : [{ written, expected }]));
  if (pairs.length === 0) return {};
  return { written: { count: pairs.length, exactMatch: exactMatch(pairs), rougeL: rougeL(pairs), chrF: chrF(pairs) } };
}

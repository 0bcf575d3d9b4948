// Without zod, as the webview has it too.
import type { Task } from './data';
import type { TokenEvaluation } from './report';

/** The one figure that a run is known by. Shares from 0 to 1. */
export type Figure =
  /** Of examples, those that were told right. */
  | { readonly measure: 'accuracy'; readonly accuracy: number }
  /** e^loss, over the tokens of texts that it did not see. */
  | { readonly measure: 'perplexity'; readonly perplexity: number }
  /** Of texts that it wrote. */
  | { readonly measure: 'written'; readonly exactMatch: number; readonly rougeL: number };

/** What is known of any model after an epoch, and at the end. */
export type Scores = Pick<TokenEvaluation, 'loss' | 'accuracy' | 'written'>;

/** Which figure a task has: a model that turns texts into others is first known by its perplexity, then by what it wrote. */
export function figureOf(task: Task, { loss, accuracy, written }: Scores): Figure {
  switch (task) {
    case 'image-classification':
    case 'text-classification':
    case 'text-pair-classification':
      return { measure: 'accuracy', accuracy };
    case 'causal-lm':
    case 'chat':
      return { measure: 'perplexity', perplexity: Math.exp(loss) };
    case 'text-to-text':
      return written
        ? { measure: 'written', exactMatch: written.exactMatch, rougeL: written.rougeL }
        : { measure: 'perplexity', perplexity: Math.exp(loss) };
  }
}

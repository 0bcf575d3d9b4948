import * as l10n from '@vscode/l10n';
import type { Task } from '../protocol/data';
import { figureOf } from '../protocol/figure';
import { type Evaluation, isOfClasses, type TokenEvaluation, wilson } from '../protocol/report';
import { integer, percent, printable, table } from './table';

/** Accuracy with its interval, and precision, recall and F1 of every class; of a language model what its task is measured by. */
export function evaluationText(split: 'test' | 'validation', task: Task, evaluation: Evaluation): string {
  if (!isOfClasses(evaluation)) return tokensText(split, task, evaluation);
  const title = split === 'test' ? l10n.t('Test accuracy') : l10n.t('Validation accuracy');
  const { accuracy, macroF1, matthews, perClass } = evaluation;
  const count = perClass.reduce((sum, c) => sum + c.count, 0);
  const [low, high] = wilson(Math.round(accuracy * count), count);
  const rows = [
    [l10n.t('class'), l10n.t('precision'), l10n.t('recall'), 'F1', l10n.t('examples')],
    ...perClass.map((c) => [printable(c.name), percent(c.precision), percent(c.recall), percent(c.f1), integer(c.count)]),
  ];
  const sure = l10n.t('95 % sure between {0} and {1}', percent(low), percent(high));
  const scores = [
    l10n.t('macro F1 {0}', percent(macroF1)),
    ...(matthews === undefined ? [] : [l10n.t('Matthews correlation {0}', matthews.toFixed(3))]),
  ];
  return `${title}: ${percent(accuracy)} (${sure}), ${scores.join(', ')}\n\n${table('lrrrr', rows)}`;
}

function tokensText(split: 'test' | 'validation', task: Task, evaluation: TokenEvaluation): string {
  const { accuracy, loss, perplexity, tokens, written } = evaluation;
  const isTest = split === 'test';
  const facts = l10n.t('loss {0} a token, {1} of {2} tokens told right', loss.toFixed(4), percent(accuracy), integer(tokens));
  if (figureOf(task, evaluation).measure !== 'written' || !written)
    return `${isTest ? l10n.t('Test perplexity') : l10n.t('Validation perplexity')}: ${perplexity.toFixed(3)} (${facts})`;
  const { count, exactMatch, rougeL, chrF } = written;
  const others = l10n.t('exact match {0}, chrF {1}, over {2} texts written', percent(exactMatch), percent(chrF), integer(count));
  const title = isTest ? l10n.t('Test ROUGE-L') : l10n.t('Validation ROUGE-L');
  return `${title}: ${percent(rougeL)} (${others})\n${l10n.t('Perplexity')}: ${perplexity.toFixed(3)} (${facts})`;
}

import * as l10n from '@vscode/l10n';
import { type Evaluation, isOfClasses, type TokenEvaluation, wilson } from '../protocol/report';
import { integer, percent, printable, table } from './table';

/** Accuracy with its interval, and precision, recall and F1 of every class; of a language model loss and perplexity. */
export function evaluationText(split: 'test' | 'validation', evaluation: Evaluation): string {
  if (!isOfClasses(evaluation)) return tokensText(split, evaluation);
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

function tokensText(split: 'test' | 'validation', { accuracy, loss, perplexity, tokens, written }: TokenEvaluation): string {
  const facts = l10n.t('loss {0} a token, {1} of {2} tokens told right', loss.toFixed(4), percent(accuracy), integer(tokens));
  const title = split === 'test' ? l10n.t('Test perplexity') : l10n.t('Validation perplexity');
  const scores = written
    ? `\n${l10n.t('Of {0} texts written: exact match {1}, ROUGE-L {2}, chrF {3}', integer(written.count), percent(written.exactMatch), percent(written.rougeL), percent(written.chrF))}`
    : '';
  return `${title}: ${perplexity.toFixed(3)} (${facts})${scores}`;
}

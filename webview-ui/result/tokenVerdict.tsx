import * as l10n from '@vscode/l10n';
import { type Figure, figureOf } from '../../src/protocol/figure';
import type { TokenEvaluation } from '../../src/protocol/report';
import { decimal, figureValue, number, percent } from '../format';
import { runTask } from '../session';

function figureName({ measure }: Figure, onTest: boolean): string {
  if (measure === 'written') return onTest ? l10n.t('ROUGE-L on the locked test set') : l10n.t('ROUGE-L on the validation set');
  return onTest ? l10n.t('perplexity on the locked test set') : l10n.t('perplexity on the validation set');
}

/** How well a language model tells, or writes, the texts that it never saw. */
export function TokenVerdict({ evaluation, onTest }: { evaluation: TokenEvaluation; onTest: boolean }) {
  const { perplexity, loss, accuracy, tokens, written } = evaluation;
  const figure = figureOf(runTask(), evaluation);
  const told = l10n.t('loss {0} a token · {1} of {2} tokens told right', decimal(loss, 4), percent(accuracy), number(tokens));
  return (
    <>
      <p class="key">
        <span class="key-figure num">{figureValue(figure)}</span>
        <span class="key-words">
          {figureName(figure, onTest)}
          <br />
          <span class="dim">
            {figure.measure === 'written' && written
              ? l10n.t(
                  'exact match {0} · chrF {1} · {2} texts written',
                  percent(written.exactMatch),
                  percent(written.chrF),
                  number(written.count),
                )
              : told}
          </span>
        </span>
      </p>
      {figure.measure === 'written' && (
        <p class="dim small">
          {l10n.t('perplexity {0}', decimal(perplexity, 2))} · {told}
        </p>
      )}
      {!onTest && <p class="dim small">{l10n.t('The best epoch was chosen by this set, so the figure flatters a little.')}</p>}
    </>
  );
}

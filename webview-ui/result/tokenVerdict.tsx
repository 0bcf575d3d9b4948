import * as l10n from '@vscode/l10n';
import type { TokenEvaluation } from '../../src/protocol/report';
import { decimal, number, percent } from '../format';

/** How well a language model tells the text that it never saw. */
export function TokenVerdict({ evaluation, onTest }: { evaluation: TokenEvaluation; onTest: boolean }) {
  const { perplexity, loss, accuracy, tokens, written } = evaluation;
  return (
    <>
      <p class="key">
        <span class="key-figure num">{decimal(perplexity, 2)}</span>
        <span class="key-words">
          {onTest ? l10n.t('perplexity on the locked test set') : l10n.t('perplexity on the validation set')}
          <br />
          <span class="dim">
            {l10n.t('loss {0} a token · {1} of {2} tokens told right', decimal(loss, 4), percent(accuracy), number(tokens))}
          </span>
        </span>
      </p>
      {written && (
        <p>
          {l10n.t(
            'Of {0} texts written: exact match {1}, ROUGE-L {2}, chrF {3}',
            number(written.count),
            percent(written.exactMatch),
            percent(written.rougeL),
            percent(written.chrF),
          )}
        </p>
      )}
      {!onTest && <p class="dim small">{l10n.t('The best epoch was chosen by this set, so the figure flatters a little.')}</p>}
    </>
  );
}

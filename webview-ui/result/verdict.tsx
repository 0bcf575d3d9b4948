import * as l10n from '@vscode/l10n';
import { wilson } from '../../src/protocol/interval';
import type { ClassEvaluation } from '../../src/protocol/report';
import { number, percent } from '../format';
import { tally } from '../logic/examples';
import { Rich, sizes } from '../parts/controls';

/** The one figure of a result with its interval, on a line with what guessing the largest class would reach. */
export function Verdict({ evaluation, onTest }: { evaluation: ClassEvaluation; onTest: boolean }) {
  const { right, all, largest } = tally(evaluation);
  const [low, high] = wilson(right, all);
  // The line begins at 50 %, or lower where something lies below.
  const from = Math.floor(Math.min(0.5, largest, low) * 10 + 1e-9) / 10;
  const at = (p: number) => `${((100 * (p - from)) / (1 - from)).toFixed(2)}%`;
  const pace = from >= 0.5 ? 0.1 : 0.2;
  const ticks: number[] = [];
  for (let p = 1; p > from - 1e-9; p -= pace) ticks.push(Math.abs(p));
  const digits = (x: number) => percent(x).replace(' %', '');
  return (
    <div>
      <p class="key">
        <span class="key-figure num">{percent(evaluation.accuracy)}</span>
        <span class="key-words">
          {onTest ? l10n.t('of the locked test set right') : l10n.t('of the validation set right')}
          <br />
          <span class="dim">
            <Rich
              sentence={l10n.t('{0} of {1} · 95 % interval {2}–{3}')}
              parts={[number(right), number(all), digits(low), percent(high)].map((words) => <span class="num">{words}</span>)}
            />
          </span>
        </span>
      </p>
      {!onTest && <p class="dim small">{l10n.t('The best epoch was chosen by this set, so the figure flatters a little.')}</p>}
      <div
        class="interval"
        role="img"
        aria-label={l10n.t(
          'Accuracy {0}, 95 % interval {1} to {2}; always guessing the largest class gives {3}',
          percent(evaluation.accuracy),
          percent(low),
          percent(high),
          percent(largest),
        )}
      >
        <i class="axis" />
        {ticks.map((p) => (
          <i key={p} class="tick" style={sizes({ x: at(p) })}>
            <b>{percent(p, 0)}</b>
          </i>
        ))}
        <i class="guess" style={sizes({ x: at(largest) })} title={l10n.t('Always the largest class: {0}', percent(largest))}>
          <b>{l10n.t('largest class')}</b>
        </i>
        <i class="whisker" style={sizes({ x: at(low), w: `${((100 * (high - low)) / (1 - from)).toFixed(2)}%` })} />
        <i class="dot" style={sizes({ x: at(evaluation.accuracy) })} />
      </div>
    </div>
  );
}

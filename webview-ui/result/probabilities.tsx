import * as l10n from '@vscode/l10n';
import type { Answer } from '../../src/protocol/report';
import { number, percent } from '../format';
import { sizes } from '../parts/controls';

/** Classes shown with their probabilities: the likeliest. */
const mostShown = 8;

export function Probabilities({ answer }: { answer: Answer }) {
  const order = Object.entries(answer.probabilities).sort(([, a], [, b]) => b - a);
  const rest = order.slice(mostShown).reduce((sum, [, p]) => sum + p, 0);
  return (
    <ul class="probabilities" aria-label={l10n.t('Probabilities')} aria-live="polite">
      {order.slice(0, mostShown).map(([name, p], i) => (
        <li key={name} class={i === 0 ? 'top' : ''}>
          <span class="bar-name" title={name}>
            {name}
          </span>
          <span
            class="meter"
            role="meter"
            aria-label={name}
            aria-valuemin={0}
            aria-valuemax={1}
            aria-valuenow={p}
            aria-valuetext={percent(p)}
          >
            <i style={sizes({ v: `${(100 * p).toFixed(1)}%` })} />
          </span>
          <span class="num">{percent(p)}</span>
        </li>
      ))}
      {order.length > mostShown && (
        <li class="dim">
          <span class="bar-name">{l10n.t('{0} others', number(order.length - mostShown))}</span>
          <span />
          <span class="num">{percent(rest)}</span>
        </li>
      )}
    </ul>
  );
}

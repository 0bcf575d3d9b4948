import * as l10n from '@vscode/l10n';
import type { ClassEvaluation } from '../../src/protocol/report';
import { number } from '../format';
import { commonMistakes } from '../logic/examples';
import { sizes } from '../parts/controls';

interface ConfusionProps {
  evaluation: ClassEvaluation;
  label: number;
  predicted: number;
  onPick: (cell: [number, number]) => void;
}

/** Row: what it is; column: what the model said. Tone by share of the row; a cell shows its examples. */
export function Confusion({ evaluation, label, predicted, onPick }: ConfusionProps) {
  const names = evaluation.perClass.map((c) => c.name);
  return (
    <div class="confusion-scroll">
      <table class={`confusion ${names.length <= 2 ? 'wide' : names.length > 8 ? 'dense' : ''}`}>
        <caption class="sr">{l10n.t('Rows: what it is. Columns: what the model said.')}</caption>
        <thead>
          <tr>
            <td class="corner" />
            <th class="axis-title" colSpan={names.length} scope="colgroup">
              {l10n.t('model said')}
            </th>
          </tr>
          <tr>
            <td class="corner axis-title">{l10n.t('it is')}</td>
            {names.map((name) => (
              <th key={name} scope="col" title={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {evaluation.confusion.map((row, i) => {
            const all = Math.max(
              1,
              row.reduce((a, b) => a + b, 0),
            );
            return (
              <tr key={names[i]}>
                <th scope="row" title={names[i]}>
                  {names[i]}
                </th>
                {row.map((count, j) => {
                  const tone = i === j ? 18 + (42 * count) / all : 12 + (60 * count) / all;
                  return (
                    <td key={names[j]}>
                      <button
                        type="button"
                        class={`cell ${count === 0 ? 'zero' : i === j ? 'right' : 'wrong'}`}
                        aria-pressed={i === label && j === predicted}
                        style={sizes({ v: `${Math.round(tone)}%` })}
                        disabled={count === 0}
                        aria-label={l10n.t('{0} of {1}, said {2}: show them', number(count), names[i] ?? '', names[j] ?? '')}
                        onClick={() => onPick([i, j])}
                      >
                        {number(count)}
                      </button>
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** The commonest mistakes as a list, where classes are too many for a matrix. */
export function Pairs({ evaluation, label, predicted, onPick }: ConfusionProps) {
  const names = evaluation.perClass.map((c) => c.name);
  return (
    <ul class="pairs">
      {commonMistakes(evaluation, 30).map((pair) => (
        <li key={`${pair.label} ${pair.predicted}`}>
          <button
            type="button"
            class="bar-row"
            aria-pressed={pair.label === label && pair.predicted === predicted}
            onClick={() => onPick([pair.label, pair.predicted])}
          >
            <span class="bar-name">{l10n.t('{0} taken for {1}', names[pair.label] ?? '', names[pair.predicted] ?? '')}</span>
            <span class="num">{number(pair.count)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

import * as l10n from '@vscode/l10n';
import type { TargetedDragEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer } from '../../src/protocol/report';
import { bytes, number, percent } from '../format';
import { post } from '../host';
import { Link, Rich, sizes } from '../parts/controls';
import { FailureBox } from '../parts/failureBox';
import { Icon } from '../parts/icon';
import { panel, showTrialPicture, trialPicture } from '../session';
import { useStore } from '../store';

/** A dropped file goes through the window's memory; larger pictures are chosen in the dialog instead. */
const largestDrop = 64e6;
/** Classes shown with their probabilities: the likeliest. */
const mostShown = 8;

function Probabilities({ answer }: { answer: Answer }) {
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

const choose = () => post({ type: 'try', name: '', bytes: null });

/** Drop a picture, or choose a file, and see what the model makes of it. */
export function TryIt() {
  const trial = useStore(panel, (s) => s.trial);
  const url = useStore(trialPicture, (p) => p.url);
  const [refusal, setRefusal] = useState('');
  const [over, setOver] = useState(false);
  const drop = async (event: TargetedDragEvent<HTMLElement>) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (!file) return setRefusal(l10n.t('That was no file. Hold Shift while dragging from the Explorer, or choose a file.'));
    if (file.size > largestDrop) return setRefusal(l10n.t('That file has {0}: choose it in the dialog instead.', bytes(file.size)));
    setRefusal('');
    const content = new Uint8Array(await file.arrayBuffer());
    showTrialPicture(content);
    post({ type: 'try', name: file.name, bytes: content });
  };
  return (
    <>
      <h3>{l10n.t('Try it')}</h3>
      <div class="two try">
        <div
          class={`drop ${over ? 'over' : ''}`}
          role="group"
          aria-label={l10n.t('Drop a picture here')}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <span class="thumb big">
            {url ? <img key={url} src={url} alt="" draggable={false} /> : <Icon name="drop_here" kind="broken" />}
          </span>
          <span>
            {trial && <strong class="trial-name">{trial.name}</strong>}
            <span class="dim">
              <Rich
                sentence={trial ? l10n.t('Drop another picture here, or {0}') : l10n.t('Drop a picture here, or {0}')}
                parts={[<Link onClick={choose}>{l10n.t('choose a file')}</Link>]}
              />
            </span>
            {refusal && (
              <span class="refusal" role="alert">
                {refusal}
              </span>
            )}
          </span>
        </div>
        {trial?.busy && (
          <p class="busy" role="status">
            <Icon name="spin" kind="spin" /> {l10n.t('Looking at it')}
          </p>
        )}
        {trial?.failure && <FailureBox failure={trial.failure} />}
        {trial?.answer && !trial.busy && <Probabilities answer={trial.answer} />}
      </div>
    </>
  );
}

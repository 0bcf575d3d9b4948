import * as l10n from '@vscode/l10n';
import type { TargetedDragEvent } from 'preact';
import { useState } from 'preact/hooks';
import { bytes } from '../format';
import { post } from '../host';
import { Link, Rich } from '../parts/controls';
import { FailureBox } from '../parts/failureBox';
import { Icon } from '../parts/icon';
import { panel, showTrialPicture, trialPicture } from '../session';
import { useStore } from '../store';
import { Probabilities } from './probabilities';

/** A dropped file goes through the window's memory; larger pictures are chosen in the dialog instead. */
const largestDrop = 64e6;
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

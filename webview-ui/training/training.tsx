import * as l10n from '@vscode/l10n';
import { useEffect, useRef } from 'preact/hooks';
import { hasClasses } from '../../src/protocol/defaults';
import { isTexts } from '../../src/protocol/tasks';
import { number, precise } from '../format';
import { post } from '../host';
import { Bone, Button } from '../parts/controls';
import { FailureBox } from '../parts/failureBox';
import { Region } from '../parts/region';
import { hasRun, panel, run, runPulse, runTask } from '../session';
import { usePulse, useStore } from '../store';
import { Books } from './books';
import { CurveChart } from './curveChart';
import { Figures } from './figures';
import { SettingsForm } from './form';
import { Samples } from './samples';

function augmentationWords(augmentation: 'none' | 'flip' | 'standard'): string {
  switch (augmentation) {
    case 'none':
      return l10n.t('no augmentation');
    case 'flip':
      return l10n.t('flip');
    case 'standard':
      return l10n.t('standard augmentation');
  }
}

/** The settings that this run began with, in one line. */
function Note() {
  usePulse(runPulse, 1000);
  const { config, epochs } = run.current;
  if (!config) return null;
  const first = [
    epochs === 1 ? l10n.t('1 epoch') : l10n.t('{0} epochs', number(epochs)),
    l10n.t('batch {0}', number(config.batchSize)),
    l10n.t('learning rate {0}', precise(config.phases[0]?.learningRate ?? 0)),
  ];
  const rest = [
    ...(isTexts(config.data.task) ? [] : [augmentationWords(config.augmentation)]),
    ...(config.earlyStopping > 0 ? [l10n.t('patience {0}', number(config.earlyStopping))] : []),
  ];
  return (
    <>
      {first.join(' · ')}
      {rest.length > 0 && <span class="rest"> · {rest.join(' · ')}</span>}
    </>
  );
}

function EndedBox() {
  return (
    <p class="hint">
      {l10n.t(
        'The process that trained is gone: the machine slept, restarted, or something ended it. Resume goes on from the last checkpoint.',
      )}
    </p>
  );
}

/** Brought into view: who pressed the button at the top may look at the data, far above. */
function Failed() {
  const failure = useStore(panel, (s) => s.failure);
  const hasFolder = useStore(panel, (s) => s.run !== null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), [failure]);
  if (!failure) return null;
  return (
    <div ref={box}>
      <FailureBox failure={failure}>
        {failure.remedy === 'installTensorflow' && (
          <Button primary label={l10n.t('Install TensorFlow…')} onClick={() => post({ type: 'installTensorflow' })} />
        )}
        <Button label={l10n.t('Show output')} onClick={() => post({ type: 'showLog' })} />
        {hasFolder && <Button label={l10n.t('Open run folder')} onClick={() => post({ type: 'openRunFolder' })} />}
      </FailureBox>
    </div>
  );
}

function FormBones() {
  return (
    <div class="form" aria-busy="true">
      {[0, 1, 2, 3, 4].map((i) => (
        <div key={i} class="form-field">
          <Bone width="72px" />
          <Bone width="100%" height={26} />
        </div>
      ))}
    </div>
  );
}

function Charts() {
  usePulse(runPulse, 1000);
  const second = hasClasses(runTask()) ? 'accuracy' : 'perplexity';
  return (
    <div class="charts">
      <CurveChart measure="loss" />
      <CurveChart key={second} measure={second} />
    </div>
  );
}

export function Training() {
  const running = useStore(panel, hasRun);
  const phase = useStore(panel, (s) => s.phase);
  const modelKnown = useStore(panel, (s) => s.model !== null || s.modelFailure !== null);
  if (!running)
    return (
      <Region name="Training">
        <Failed />
        {phase === 'loading' && !modelKnown ? <FormBones /> : <SettingsForm fixed={false} />}
      </Region>
    );
  return (
    <Region name="Training" note={<Note />}>
      <Failed />
      {phase === 'ended' && <EndedBox />}
      <Figures />
      <Charts />
      <Samples />
      <Books />
    </Region>
  );
}

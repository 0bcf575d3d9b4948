import * as l10n from '@vscode/l10n';
import { useMemo, useState } from 'preact/hooks';
import type { ClassEvaluation, Prediction, Report } from '../../src/protocol/report';
import { isTexts } from '../../src/protocol/tasks';
import { bytes, clock, number, percent } from '../format';
import { post } from '../host';
import { cellExamples, commonMistakes, surestMistakes } from '../logic/examples';
import { Button, Rich } from '../parts/controls';
import { Icon } from '../parts/icon';
import { Region } from '../parts/region';
import { panel, run, runPulse, runTask } from '../session';
import { usePulse, useStore } from '../store';
import { CellExamples } from './cellExamples';
import { Confusion, Pairs } from './confusion';
import { Mistakes } from './mistakes';
import { PerClass } from './perClass';
import { TextMistakes } from './texts';
import { TokenVerdict } from './tokenVerdict';
import { TryIt } from './tryIt';
import { TryText } from './tryText';
import { TryWriting } from './tryWriting';
import { Verdict } from './verdict';

/** Above this many classes a matrix is a wall: the commonest mistakes are listed instead. */
const manyClasses = 24;

/** The cell to show first: the commonest mistake, or, where there is none, the first class. */
function firstCell(evaluation: ClassEvaluation): [number, number] {
  const [worst] = commonMistakes(evaluation, 1);
  return worst ? [worst.label, worst.predicted] : [0, 0];
}

function ConfusionPart({ evaluation, predictions }: { evaluation: ClassEvaluation; predictions: readonly Prediction[] }) {
  const [cell, setCell] = useState<[number, number] | null>(null);
  const names = evaluation.perClass.map((c) => c.name);
  const [label, predicted] = cell ?? firstCell(evaluation);
  const shown = useMemo(
    () => cellExamples(predictions, names[label] ?? '', names[predicted] ?? ''),
    [predictions, evaluation, label, predicted],
  );
  const count = evaluation.confusion[label]?.[predicted] ?? 0;
  return (
    <div class="two fit">
      <div>
        <h3>{l10n.t('Confusion')}</h3>
        {names.length <= manyClasses ? (
          <Confusion evaluation={evaluation} label={label} predicted={predicted} onPick={setCell} />
        ) : (
          <Pairs evaluation={evaluation} label={label} predicted={predicted} onPick={setCell} />
        )}
      </div>
      <CellExamples label={names[label] ?? ''} predicted={names[predicted] ?? ''} count={count} examples={shown} />
    </div>
  );
}

function FrozenLine({ report }: { report: Report }) {
  const { frozen, timings, peakMemoryBytes } = report;
  const words = !frozen.identical
    ? l10n.t('Of {0} frozen tensors some changed, which must never be. Took {1}, {2} at most.')
    : frozen.count === 0
      ? l10n.t('Nothing was frozen. Took {1}, {2} at most.')
      : l10n.t('{0} frozen tensors are bit for bit what they were. Took {1}, {2} at most.');
  return (
    <p class="fine">
      <Icon name={frozen.identical ? 'pass' : 'error'} kind={frozen.identical ? 'good' : 'bad'} />
      <span>
        <Rich sentence={words} parts={[<span class="num">{number(frozen.count)}</span>, clock(timings.total), bytes(peakMemoryBytes)]} />
      </span>
    </p>
  );
}

function Finished({ report }: { report: Report }) {
  const predictions = useStore(panel, (s) => s.predictions);
  const evaluation = report.test ?? report.validation;
  const mistakes = useMemo(() => surestMistakes(predictions, 6), [predictions]);
  if (!evaluation) return <p class="hint">{l10n.t('There was neither a test nor a validation set to measure on.')}</p>;
  if (!('confusion' in evaluation)) return <TokenVerdict evaluation={evaluation} onTest={report.test !== null} />;
  return (
    <>
      <div class="two verdict">
        <Verdict evaluation={evaluation} onTest={report.test !== null} />
        <PerClass evaluation={evaluation} onTest={report.test !== null} />
      </div>
      <ConfusionPart evaluation={evaluation} predictions={predictions} />
      {mistakes.length > 0 && (isTexts(runTask()) ? <TextMistakes mistakes={mistakes} /> : <Mistakes mistakes={mistakes} />)}
    </>
  );
}

/** What the run learned: the data region may show another task by now. */
function Try() {
  const task = runTask();
  switch (task) {
    case 'image-classification':
      return <TryIt />;
    case 'text-classification':
    case 'text-pair-classification':
      return <TryText pairs={task === 'text-pair-classification'} />;
    case 'causal-lm':
    case 'chat':
    case 'text-to-text':
      return <TryWriting task={task} />;
  }
}

function StoppedNote() {
  const { best } = run.current;
  if (!best?.validation) return <p class="hint">{l10n.t('Stopped before the first epoch was over: there is no best model yet.')}</p>;
  return (
    <p class="hint">
      {l10n.t(
        'Stopped by hand. The model of epoch {0} is kept, with {1} on validation; a test set is used only when a run finishes.',
        number(best.epoch),
        percent(best.validation.accuracy),
      )}
    </p>
  );
}

/** How good it is on what it never saw, where it errs, and a try of one's own. */
export function Result() {
  const phase = useStore(panel, (s) => s.phase);
  usePulse(runPulse, 1000);
  const { report } = run.current;
  if (phase !== 'stopped' && !(phase === 'finished' && report)) return null;
  return (
    <Region name="Result" actions={<Button label={l10n.t('Open run folder')} onClick={() => post({ type: 'openRunFolder' })} />}>
      {report ? <Finished report={report} /> : <StoppedNote />}
      {(report || run.current.best) && <Try />}
      {report && <FrozenLine report={report} />}
    </Region>
  );
}

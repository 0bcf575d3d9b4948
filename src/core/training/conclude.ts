import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { RunEventBody } from '../../protocol/events';
import { ThawError } from '../../protocol/failure';
import { runFiles } from '../../protocol/paths';
import type { Prediction, Report } from '../../protocol/report';
import type { NamedTensors, TensorData } from '../engine/engine';
import { readSafetensors } from '../weights';
import { modelCard } from './card';
import { checkpointFiles } from './checkpointer';
import type { Examples } from './examples/examples';
import { checkFrozen } from './frozen';
import { evaluationOfVerdict, noVerdict, type Verdict } from './judging';
import type { Training } from './run';
import { tensorsAt } from './standing';

/**
 * The end of a run: the best weights become model/, are judged, and checked for what was to stay frozen; report.json and
 * predictions.ndjson say what came out. The test set is looked at here and only here, and only when the run finished:
 * one that was stopped is judged on the validation examples, so that going on with it later still meets a fresh test.
 */
export async function conclude(training: Training, ending: 'finished' | 'stopped'): Promise<RunEventBody> {
  const { folder, subject, at } = training.spec;
  const { classes } = subject.examples;
  const best = at.best ?? { epoch: at.epoch + 1, step: at.step };
  const tensors = await weightsOfStep(training, best.step);

  const began = performance.now();
  const validation = await training.judge('validation', best.step, tensors);
  const test = ending === 'finished' ? await training.judge('test', best.step, tensors) : noVerdict(subject.examples);

  const { selection } = training;
  const result = {
    test: await training.measured(evaluationOfVerdict(test, classes), 'test', tensors),
    validation: await training.measured(evaluationOfVerdict(validation, classes), 'validation', tensors),
    best: { epoch: best.epoch, step: best.step },
  };
  at.timings.evaluate += (performance.now() - began) / 1000;
  const path = join(folder.path, runFiles.model);
  const card = modelCard(folder.record, selection, result);
  await subject.save(folder.path, { tensors, touched: new Set(at.touched), card });
  const saved = new Map(await readSafetensors(join(path, checkpointFiles.model)));
  for (const name of subject.merged) saved.set(name, tensors.get(name) as TensorData); // the file has them in another form
  const frozen = checkFrozen(at.origin, saved, at.touched);
  training.clock();
  const report: Report = {
    ...result,
    parameters: selection.parameters,
    trainableParameters: selection.trainableParameters,
    timings: { ...at.timings },
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    frozen,
  };
  const predictions = result.test
    ? predictionsOf(test, 'test', subject.examples)
    : predictionsOf(validation, 'validation', subject.examples);
  await folder.writeReport(report, predictions);
  return ending === 'finished' ? { type: 'finished', run: folder.path, report } : { type: 'stopped', step: at.step };
}

/** What was said of each example; of tokens there are too many. */
function* predictionsOf(verdict: Verdict, split: Prediction['split'], examples: Examples): Generator<Prediction> {
  if (verdict.kind === 'tokens') return;
  for (const { example, label, predicted, probability } of verdict.judgements)
    yield {
      path: examples.nameOf(example),
      split,
      label: examples.classes[label] as string,
      predicted: examples.classes[predicted] as string,
      probability,
    };
}

/** All tensors as they were after a step: the present ones, or those of its checkpoint. */
async function weightsOfStep({ spec: { folder, subject, at, tensors } }: Training, step: number): Promise<NamedTensors> {
  if (step === at.step) return tensors;
  const kept = await folder.checkpointOf(step);
  if (kept) return tensorsAt(kept, folder.record, subject, { tensors, touched: at.touched });
  throw new ThawError(
    'io.gone',
    l10n.t('The checkpoint of the best weights (step {0}) is no longer there.', step),
    l10n.t('Resume the run: it goes on from the last checkpoint that is whole.'),
    { path: join(folder.path, runFiles.checkpoints) },
  );
}

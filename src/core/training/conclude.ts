import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { RunEventBody } from '../../protocol/events';
import { ThawError } from '../../protocol/failure';
import { runFiles } from '../../protocol/paths';
import type { Prediction, Report } from '../../protocol/report';
import type { NamedTensors } from '../engine/engine';
import { readSafetensors, saveModel } from '../weights';
import { modelCard } from './card';
import { checkpointFiles } from './checkpointer';
import { checkFrozen } from './frozen';
import { evaluationOf, type Judgement } from './metrics';
import type { Training } from './run';

/**
 * The end of a run: the best weights become model/, are judged, and checked for what was to stay frozen; report.json and
 * predictions.ndjson say what came out. The test set is looked at here and only here, and only when the run finished:
 * one that was stopped is judged on the validation examples, so that going on with it later still meets a fresh test.
 */
export async function conclude(training: Training, ending: 'finished' | 'stopped'): Promise<RunEventBody> {
  const { folder, dataset, model, at } = training.spec;
  const best = at.best ?? { epoch: at.epoch + 1, step: at.step };
  const tensors = await weightsOfStep(training, best.step);

  const began = performance.now();
  const judged = { validation: await training.judge('validation', best.step, tensors), test: [] as Judgement[] };
  if (ending === 'finished') judged.test = await training.judge('test', best.step, tensors);
  at.timings.evaluate += (performance.now() - began) / 1000;
  const evaluation = (judgements: Judgement[]) => (judgements.length > 0 ? evaluationOf(judgements, dataset.classes) : null);

  const { selection } = training;
  const result = {
    test: evaluation(judged.test),
    validation: evaluation(judged.validation),
    best: { epoch: best.epoch, step: best.step },
  };
  const path = join(folder.path, runFiles.model);
  await saveModel(path, { model, tensors, labels: dataset.classes, card: modelCard(folder.record, selection, result) });
  const frozen = checkFrozen(at.origin, await readSafetensors(join(path, checkpointFiles.model)), at.touched);
  training.clock();
  const report: Report = {
    ...result,
    parameters: selection.parameters,
    trainableParameters: selection.trainableParameters,
    timings: { ...at.timings },
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    frozen,
  };
  const split = judged.test.length > 0 ? 'test' : 'validation';
  const predictions = judged[split].map<Prediction>(({ example, label, predicted, probability }) => ({
    path: dataset.examples[example]?.path as string,
    split,
    label: dataset.classes[label] as string,
    predicted: dataset.classes[predicted] as string,
    probability,
  }));
  await folder.writeReport(report, predictions);
  return ending === 'finished' ? { type: 'finished', run: folder.path, report } : { type: 'stopped', step: at.step };
}

/** All tensors as they were after a step: the present ones, or those of its checkpoint. */
async function weightsOfStep({ spec: { folder, at, tensors } }: Training, step: number): Promise<NamedTensors> {
  if (step === at.step) return tensors;
  const kept = await folder.checkpointOf(step);
  if (kept) return readSafetensors(join(kept.path, checkpointFiles.model));
  throw new ThawError(
    'io.gone',
    l10n.t('The checkpoint of the best weights (step {0}) is no longer there.', step),
    l10n.t('Resume the run: it goes on from the last checkpoint that is whole.'),
    { path: join(folder.path, runFiles.checkpoints) },
  );
}

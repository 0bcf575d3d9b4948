import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { RunRecord } from '../../protocol/runConfig';
import type { NamedTensors, TensorData } from '../engine';
import { tensorsOf } from '../nn';
import type { Checkpoint } from '../runs';
import { notFinite, notFiniteMessage, readSafetensors } from '../weights';
import { checkpointFiles } from './checkpointer';
import { digestsOf } from './frozen';
import { firstProgress, type Progress, progressSchema } from './progress';
import { Slots, slotKinds } from './slots';
import type { Subject } from './subject/subject';

/** All that a run goes on from. */
export interface Standing {
  readonly tensors: Map<string, TensorData>;
  readonly slots: Slots;
  readonly at: Progress;
}

/** @throws ThawError `model.corrupt` where the weights are no longer what they were, and what reading them throws */
export async function beginning({ config, model }: RunRecord, subject: Subject): Promise<Standing> {
  const tensors = await firstTensors(model, subject);
  return { tensors, slots: new Slots(slotKinds(config.optimizer)), at: firstProgress(digestsOf(tensors)) };
}

/** @throws ThawError `run.corrupt` for a checkpoint that is damaged or another model's, and what `beginning` throws */
export async function standingOf(checkpoint: Checkpoint, { config, model }: RunRecord, subject: Subject): Promise<Standing> {
  const parsed = progressSchema.safeParse(checkpoint.state);
  const kept = await readSafetensors(join(checkpoint.path, checkpointFiles.model));
  const refuse = (what: string) =>
    new ThawError('run.corrupt', what, l10n.t('Delete that checkpoint and resume: the run goes on from the one before.'), {
      path: checkpoint.path,
      detail: parsed.error?.message,
    });
  const shapes = new Map([...tensorsOf(subject.model.root)].map(({ name, shape }) => [name, String(shape)]));
  const fits = [...kept].every(([name, { shape }]) => shapes.get(name) === String(shape));
  if (!parsed.success || !fits || !parsed.data.touched.every((name) => kept.has(name)))
    throw refuse(l10n.t('A checkpoint of the run does not fit its model.'));
  const values = await readSafetensors(join(checkpoint.path, checkpointFiles.optimizer));
  const bad = notFinite(kept) ?? notFinite(values);
  if (bad !== null) throw refuse(notFiniteMessage(bad));
  const tensors = kept.size === shapes.size ? kept : withKept(await firstTensors(model, subject), kept);
  const slots = new Slots(slotKinds(config.optimizer), new Map(values), new Map(Object.entries(parsed.data.ages)));
  return { tensors, slots, at: parsed.data };
}

/**
 * All tensors as they were at a checkpoint.
 * @param now what they are, and which of them have been free to change by now
 * @throws ThawError what `beginning` throws
 */
export async function tensorsAt(
  checkpoint: Checkpoint,
  { model }: RunRecord,
  subject: Subject,
  now: { readonly tensors: NamedTensors; readonly touched: readonly string[] },
): Promise<NamedTensors> {
  const kept = await readSafetensors(join(checkpoint.path, checkpointFiles.model));
  const areFirst = now.touched.every((name) => kept.has(name)); // those that it lacks, then and now
  return withKept(areFirst ? now.tensors : await firstTensors(model, subject), kept);
}

function withKept(tensors: NamedTensors, kept: NamedTensors): Map<string, TensorData> {
  return new Map([...tensors].map(([name, value]) => [name, kept.get(name) ?? value]));
}

async function firstTensors(model: RunRecord['model'], subject: Subject): Promise<Map<string, TensorData>> {
  const { tensors, sha256 } = await subject.load();
  if (sha256 === model.sha256) return tensors;
  throw new ThawError(
    'model.corrupt',
    l10n.t('The weights of "{0}" are no longer those that the run began from.', model.id),
    l10n.t('Put the file back, or start a new run.'),
  );
}

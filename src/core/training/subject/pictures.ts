import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import { runFiles } from '../../../protocol/paths';
import type { RunConfig } from '../../../protocol/runConfig';
import { openDataset } from '../../data';
import { setDropout } from '../../models';
import { describeModel, loadModel, saveModel } from '../../weights';
import { PictureExamples } from '../examples/pictures';
import { withAdapters } from './adapted';
import type { Subject, SubjectOptions } from './subject';

/** A folder of pictures and an image classifier. @throws ThawError `data.*`, `model.*` */
export async function openPictures(config: RunConfig, { asItIs = false, ...places }: SubjectOptions): Promise<Subject> {
  const { path, validationSplit, testSplit } = config.data;
  const dataset = await openDataset(path, { validationSplit, testSplit });
  if (!dataset.examples.some(({ split }) => split === 'train'))
    throw new ThawError('data.empty', l10n.t('There are no examples to train on.'), l10n.t('Put photos into one folder for each class.'), {
      path,
    });
  const { classes } = dataset;
  const options = { ...places, imageSize: config.imageSize, ...(!asItIs && { classes: classes.length, labels: classes }) };
  const found = await withAdapters(config, { ...places, asItIs, labels: classes }, (keepsAdapter) =>
    describeModel(config.model, { ...options, keepsAdapter }),
  );
  const { plain, keepsAdapter, adapted } = found;
  const { model, facts } = found.described;
  if (!asItIs) setDropout(model, config.dropout);
  return {
    examples: new PictureExamples(dataset, model, config),
    model,
    base: facts,
    async load() {
      const { tensors, sha256 } = await loadModel(config.model, { ...options, keepsAdapter, seed: config.seed });
      return { tensors: adapted?.begin(tensors) ?? new Map(tensors), sha256 };
    },
    merged: adapted?.merged ?? new Set(),
    warnings: adapted?.warnings ?? [],
    async save(run, { tensors, touched, card }) {
      const whole = adapted?.plain(tensors) ?? tensors;
      await saveModel(join(run, runFiles.model), { model: plain, tensors: whole, labels: classes, card });
      await adapted?.save(run, tensors, touched);
    },
  };
}

import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import type { RunConfig } from '../../../protocol/runConfig';
import { openDataset } from '../../data';
import { describeModel, loadModel, saveModel } from '../../weights';
import { PictureExamples } from '../examples/pictures';
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
  const { model, facts } = await describeModel(config.model, options);
  return {
    examples: new PictureExamples(dataset, model, config),
    model,
    base: facts,
    async load() {
      const { tensors, sha256 } = await loadModel(config.model, { ...options, seed: config.seed });
      return { tensors: new Map(tensors), sha256 };
    },
    save: (folder, tensors, card) => saveModel(folder, { model, tensors, labels: classes, card }),
  };
}

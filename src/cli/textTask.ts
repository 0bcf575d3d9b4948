import { existsSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { kindOfData, planTexts } from '../core/data/text';
import type { Task } from '../protocol/data';
import { defaultTextModel, hasClasses } from '../protocol/defaults';
import { ThawError } from '../protocol/failure';
import type { RunConfig } from '../protocol/runConfig';
import type { Draft } from './trainConfig';

/**
 * The configuration with the task that the data are for, unless one is given, and what is usual for it.
 * @throws ThawError `data.*`, `config.invalid`; `usage` where texts want a model that nobody named
 */
export async function withTask({ config, open }: Draft, modelsFolder: string): Promise<RunConfig> {
  const { data } = config;
  const given = open.task ? undefined : data.task;
  if (given === 'image-classification') return config;
  if (given === undefined && data.columns === undefined && (await kindOfData(data.path)) === 'pictures') return config;
  const plan = await planTexts(data.path, { task: given, columns: data.columns });
  return {
    ...config,
    data: { ...data, task: plan.task },
    model: open.model ? textModel(plan.task, modelsFolder) : config.model,
    augmentation: 'none',
    ...(open.labelSmoothing && !hasClasses(plan.task) && { labelSmoothing: 0 }),
  };
}

function textModel(task: Task, modelsFolder: string): string {
  if (hasClasses(task) && existsSync(path.join(modelsFolder, defaultTextModel, 'config.json'))) return defaultTextModel;
  throw new ThawError(
    'usage',
    l10n.t('Name the model that learns from these texts ({0}).', task),
    l10n.t('For instance: thaw train DATA --model FOLDER, or --model ORGANISATION/NAME of one that "thaw pull" brought.'),
  );
}

import * as l10n from '@vscode/l10n';
import { isTexts } from '../../../protocol/data';
import { hasClasses } from '../../../protocol/defaults';
import { ThawError } from '../../../protocol/failure';
import type { RunConfig } from '../../../protocol/runConfig';
import { openPictures } from './pictures';
import type { Subject, SubjectOptions } from './subject';
import { openTexts } from './texts';

/**
 * Looks at a run's data and model; no weights are read.
 * @throws ThawError `data.*`, `model.*`, `config.invalid`
 */
export async function openSubject(config: RunConfig, options: SubjectOptions): Promise<Subject> {
  requireSplittable(config);
  return config.data.task === 'image-classification' ? openPictures(config, options) : openTexts(config, config.data.task, options);
}

/** What a model says of windows is put together by class; there is no such sum of what it writes. */
function requireSplittable({ data, longTexts }: RunConfig): void {
  if (longTexts === 'cut' || (isTexts(data.task) && hasClasses(data.task))) return;
  throw new ThawError(
    'config.invalid',
    l10n.t('Long texts are split into windows only where texts have classes, and the task is {0}.', data.task),
    l10n.t('Leave --long-texts away. Plain text for a language model is divided into blocks as it is, and nothing of it is lost.'),
  );
}

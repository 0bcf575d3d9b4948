import type { RunConfig } from '../../../protocol/runConfig';
import { openPictures } from './pictures';
import type { Subject, SubjectOptions } from './subject';
import { openTexts } from './texts';

/**
 * Looks at a run's data and model; no weights are read.
 * @throws ThawError `data.*`, `model.*`, `config.invalid`
 */
export function openSubject(config: RunConfig, options: SubjectOptions): Promise<Subject> {
  return config.data.task === 'image-classification' ? openPictures(config, options) : openTexts(config, config.data.task, options);
}

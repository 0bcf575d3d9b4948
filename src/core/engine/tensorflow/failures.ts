import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';

/** An error of TensorFlow or of tfjs around it, told by its words: neither has codes. */
export function failed(error: unknown, message: string): ThawError {
  if (error instanceof ThawError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  if (/\bOOM\b|bad_alloc|out of memory|allocation failed|failed to allocate|Invalid typed array length/i.test(detail))
    return new ThawError(
      'engine.outOfMemory',
      l10n.t('Not enough memory for this step.'),
      l10n.t('Use a smaller batch size, a smaller image size or fewer learning layers, then resume.'),
      { detail, cause: error },
    );
  return new ThawError('engine.failed', message, l10n.t('The details say what TensorFlow found.'), { detail, cause: error });
}

/** TensorFlow's "invalid argument", such as a division of integers by zero: other inputs may be right. */
export function dependsOnValues(error: unknown): boolean {
  return error instanceof Error && error.message.includes('Invalid TF_Status: 3\n');
}

/** What a first run of a step threw: mistakes in the step stay what they are. */
export function notCompiled(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  const kernel = /Kernel '(\w+)' not registered/.exec(message)?.[1];
  if (kernel) return unsupported(l10n.t('TensorFlow lacks the operation {0}.', kernel), error);
  const gradient = /gradient function not found for (\w+)/.exec(message)?.[1];
  if (gradient) return unsupported(l10n.t('The operation {0} has no gradient.', gradient), error);
  const native = /TF_Status|OOM|bad_alloc|allocation failed/.test(message);
  return native ? failed(error, l10n.t('TensorFlow rejected the step.')) : error;
}

export function unsupported(what: string, cause?: unknown): ThawError {
  return new ThawError('engine.unsupported', what, l10n.t('Write the step with other operations.'), { cause });
}

import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import type { ComputeDevice } from '../../../protocol/runConfig';

/** The last two: sizes that WebAssembly's 32 bits cannot count. */
const outOfMemory =
  /bad_alloc|out of memory|failed to allocate|allocation failed|Invalid typed array length|SafeIntOnOverflow|shape is too large/i;

/** An error of onnxruntime, told by its words: it has no codes that reach JavaScript. */
export function failed(error: unknown, message: string, device: ComputeDevice = 'cpu'): ThawError {
  if (error instanceof ThawError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  if (outOfMemory.test(detail))
    return new ThawError(
      'engine.outOfMemory',
      l10n.t('Not enough memory for this step.'),
      l10n.t('Use a smaller batch size, a smaller image size or fewer learning layers, then resume.'),
      { detail, cause: error },
    );
  if (/NOT_IMPLEMENTED|Could not find an implementation/i.test(detail))
    return new ThawError('engine.unsupported', message, l10n.t('onnxruntime lacks an operation for these types.'), {
      detail,
      cause: error,
    });
  const hint =
    device === 'cpu'
      ? l10n.t('The details say what onnxruntime found.')
      : l10n.t('Resume the run: where the device "{0}" no longer works, the processor computes instead.', device);
  return new ThawError('engine.failed', message, hint, { detail, cause: error });
}

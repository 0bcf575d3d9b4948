import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';

export type Ort = typeof import('onnxruntime-node');

/** @throws ThawError `engine.missing` where the native library is absent, damaged or for another platform. */
export async function loadOnnxRuntime(): Promise<{ ort: Ort; version: string }> {
  try {
    const module = await import('onnxruntime-node');
    const ort = (module as { default?: Ort }).default ?? module; // Node wraps CommonJS, a bundle doesn't
    ort.env.logLevel = 'fatal'; // errors are thrown; the log would repeat them
    return { ort, version: ort.env.versions.node ?? ort.env.versions.common };
  } catch (error) {
    throw new ThawError(
      'engine.missing',
      l10n.t('onnxruntime cannot be loaded on this computer ({0}-{1}).', process.platform, process.arch),
      l10n.t('Install Thaw again, in the version for this platform.'),
      { detail: error instanceof Error ? error.message : String(error), cause: error },
    );
  }
}

import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';
import { soundNative } from './native';
import type { OnnxRuntime } from './ort';
import { computeDevices, providers } from './sessionOptions';
import { loadWebRuntime } from './web';

/**
 * The native package; where that has no build for this platform or cannot be loaded, the WebAssembly one, which is several
 * times slower. THAW_ONNX=web takes that in any case.
 * @throws ThawError `engine.missing` where neither is there.
 */
export async function loadOnnxRuntime(threads: number): Promise<OnnxRuntime> {
  if (process.env.THAW_ONNX === 'web') return loadWebRuntime(threads);
  try {
    return { ...(await loadNative()), threads };
  } catch (error) {
    const missing = damaged(error);
    const web = await loadWebRuntime(threads).catch(() => null);
    if (!web) throw missing;
    return process.platform === 'darwin' && process.arch === 'x64' ? web : { ...web, fallback: missing };
  }
}

async function loadNative(): Promise<Omit<OnnxRuntime, 'threads'>> {
  const file = await soundNative();
  type Native = typeof import('onnxruntime-node');
  const module = await import('onnxruntime-node');
  const ort = (module as { default?: Native }).default ?? module; // Node wraps CommonJS, a bundle doesn't
  ort.env.logLevel = 'fatal'; // errors are thrown; the log would repeat them
  const supported = ort.listSupportedBackends().map(({ name }) => name);
  return {
    ort,
    version: ort.env.versions.node ?? ort.env.versions.common,
    isNative: true,
    file,
    devices: computeDevices.filter((device) => supported.includes(providers[device])),
  };
}

function damaged(cause: unknown): ThawError {
  return new ThawError(
    'engine.missing',
    l10n.t('onnxruntime cannot be loaded on this computer ({0}-{1}).', process.platform, process.arch),
    l10n.t('Install Thaw again, in the version for this platform.'),
    { detail: cause instanceof Error ? cause.message : String(cause), cause },
  );
}

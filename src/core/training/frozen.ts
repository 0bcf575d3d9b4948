import { createHash } from 'node:crypto';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { NamedTensors, TensorData } from '../engine/engine';

/** SHA-256 (hex) of a tensor's bytes. */
export function digestOf({ data }: TensorData): string {
  return createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');
}

export function digestsOf(tensors: NamedTensors): Record<string, string> {
  return Object.fromEntries([...tensors].map(([name, tensor]) => [name, digestOf(tensor)]));
}

/**
 * Compares every tensor that was never free to change with what it was when the run began.
 * @param origin digests from the beginning
 * @param saved the result, as it was read back from disk
 * @throws ThawError `run.frozenChanged` naming those that differ.
 */
export function checkFrozen(
  origin: Readonly<Record<string, string>>,
  saved: NamedTensors,
  touched: Iterable<string>,
): { count: number; identical: true } {
  const free = new Set(touched);
  const frozen = Object.keys(origin).filter((name) => !free.has(name));
  const changed = frozen.filter((name) => {
    const tensor = saved.get(name);
    return !tensor || digestOf(tensor) !== origin[name];
  });
  if (changed.length > 0)
    throw new ThawError(
      'run.frozenChanged',
      l10n.t('{0} frozen tensors changed while the run went on: {1}.', changed.length, changed.slice(0, 5).join(', ')),
      l10n.t('This is a fault in Thaw. Do not use this model; the details help whoever mends it.'),
      { detail: changed.join('\n') },
    );
  return { count: frozen.length, identical: true };
}

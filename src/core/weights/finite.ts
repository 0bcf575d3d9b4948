import * as l10n from '@vscode/l10n';
import type { NamedTensors } from '../engine/engine';

/** The name of a tensor that holds NaN or infinity: nothing can be computed or learned from it; null where there is none. */
export function notFinite(tensors: NamedTensors): string | null {
  for (const [name, { data }] of tensors) {
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += (data[i] as number) * 0; // NaN and ±∞ times zero are NaN
    if (sum !== 0) return name;
  }
  return null;
}

export const notFiniteMessage = (name: string) => l10n.t('The tensor "{0}" holds values that are not numbers (NaN or infinity).', name);

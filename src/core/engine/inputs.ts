import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { ProgramSpec } from './engine';

export type Given = Readonly<Record<string, Float32Array | Int32Array>>;

/** @throws ThawError `engine.failed` for an input that is missing, of another type or size, or not finite. */
export function checkInputs(specs: ProgramSpec['inputs'], given: Given): void {
  for (const [name, { shape, dtype }] of Object.entries(specs)) {
    const data = given[name];
    const fits = dtype === 'int32' ? data instanceof Int32Array : data instanceof Float32Array;
    if (!data || !fits || data.length !== shape.reduce((size, n) => size * n, 1))
      throw badInput(l10n.t('The input "{0}" must be {1} [{2}].', name, dtype, `${shape}`));
    if (dtype === 'float32' && !allNumbers(data)) throw badInput(l10n.t('The input "{0}" holds values that are not numbers.', name));
  }
}

function allNumbers(data: Float32Array | Int32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i] as number) * 0; // NaN and ±∞ times zero are NaN
  return sum === 0;
}

function badInput(message: string): ThawError {
  return new ThawError('engine.failed', message, l10n.t('The data that the step was given is damaged, or of another shape.'));
}

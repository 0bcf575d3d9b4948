import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { type Activate, activationOf } from '../activations';
import { type About, refused } from '../layer';

export const count = z.int().min(1);
/** Keras writes [v, h]; by hand one number may stand for both. */
export const pair = z
  .union([count, z.tuple([count, count])])
  .transform((value): [number, number] => (typeof value === 'number' ? [value, value] : value));

/** Keras's 'same' is TensorFlow's: ⌈size / stride⌉ positions, an odd rest of the padding at the end. */
export const padding = z.enum(['same', 'valid']);
export const enginePadding = (name: z.infer<typeof padding>) => (name === 'same' ? 'same' : 0);

export const activation = z
  .string()
  .nullish()
  .transform((name) => name ?? 'linear');

/** @throws ThawError `model.unsupported` */
export function activate(name: string, about: About): Activate {
  const found = activationOf(name, about);
  if (!found) throw refused(about, l10n.t('the activation "{0}" is not known', name));
  return found;
}

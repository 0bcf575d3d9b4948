import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { refused, valueName } from '../../models/keras';
import { corrupt } from '../corrupt';

/** A value: what a layer gave when it was applied for the `call`-th time. */
export interface Reference {
  readonly layer: string;
  readonly call: number;
}

const referenceSchema = z.tuple([z.string(), z.int().min(0), z.int().min(0)]).rest(z.unknown());
/** Keras 3 writes a value as an object. */
const tensorSchema = z.looseObject({
  class_name: z.literal('__keras_tensor__'),
  config: z.looseObject({ keras_history: z.tuple([z.string(), z.int().min(0), z.int().min(0)]) }),
});
const nodeSchema = z.looseObject({ args: z.array(z.unknown()), kwargs: z.record(z.string(), z.unknown()).optional() });

/** What Keras 3 wraps: `{"class_name": "__tuple__", "items": […]}` is a list. */
export function unwrapped(value: unknown): unknown {
  const wrapped = z.looseObject({ class_name: z.literal('__tuple__'), items: z.array(z.unknown()) }).safeParse(value);
  return wrapped.success ? wrapped.data.items : value;
}

/** `[layer, call, 0]`. Null for anything else. */
export function referenceOf(value: unknown): Reference | null {
  const parsed = referenceSchema.safeParse(value);
  return parsed.success && parsed.data[2] === 0 ? { layer: parsed.data[0], call: parsed.data[1] } : null;
}

/** What a layer was applied to. */
export interface Node {
  /** Values, in order. */
  readonly inputs: readonly string[];
  /** Arguments that are no values, such as a number that was written between the layers. */
  readonly others: readonly unknown[];
  /** Whether a value is the first argument. */
  readonly leads: boolean;
}

/**
 * One application of a layer, an entry of `inbound_nodes`, as Keras 2 (`[["conv", 0, 0, {}], …]`) or Keras 3
 * (`{"args": […], "kwargs": {}}`) writes it.
 * @throws ThawError `model.corrupt` | `model.unsupported`
 */
export function nodeOf(node: unknown, about: { path: string; type: string }, file: string): Node {
  const keras3 = nodeSchema.safeParse(node);
  const inputs: string[] = [];
  const partOfResult = () => refused(about, l10n.t('one of its inputs is not the whole result of one layer'), file);
  if (keras3.success) {
    const { args, kwargs = {} } = keras3.data;
    const others = [...args, ...Object.values(kwargs)].filter((argument) => !takeValues(argument, inputs));
    if (inputs.some((input) => input === '')) throw partOfResult();
    return { inputs, others: others.filter((other) => other !== null), leads: takeValues(args[0], []) };
  }
  const listed = Array.isArray(node) && typeof node[0] === 'string' ? [node] : node;
  if (!Array.isArray(listed)) throw corrupt(file, l10n.t('The layer "{0}" says its inputs in a way that is not understood.', about.path));
  const others: unknown[] = [];
  for (const entry of listed as unknown[]) {
    const found = referenceOf(entry);
    if (!found) throw partOfResult();
    inputs.push(valueName(found.layer, found.call));
    for (const argument of Object.values(((entry as unknown[])[3] ?? {}) as Record<string, unknown>)) {
      const value = referenceOf(argument);
      if (value) inputs.push(valueName(value.layer, value.call));
      else if (argument !== null) others.push(argument);
    }
  }
  return { inputs, others, leads: true };
}

/** Whether an argument is a value or a list of values; they are added to `inputs`, as '' where it is a part of a result. */
function takeValues(argument: unknown, inputs: string[]): boolean {
  const list = unwrapped(argument);
  if (Array.isArray(list) && list.length > 0 && list.every((item) => tensorSchema.safeParse(item).success))
    return list.every((item) => takeValues(item, inputs));
  const tensor = tensorSchema.safeParse(argument);
  if (!tensor.success) return false;
  const [layer, call, part] = tensor.data.config.keras_history;
  inputs.push(part === 0 ? valueName(layer, call) : '');
  return true;
}

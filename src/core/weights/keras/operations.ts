import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { type KerasLayer, refused } from '../../models/keras';
import type { Node } from './nodes';

/** Arithmetic that was written between the layers: Keras 3's class names, and the functions of Keras 2's `TFOpLambda`. */
const arithmetic: Readonly<Record<string, 'add' | 'subtract' | 'multiply' | 'divide'>> = {
  Add: 'add',
  Subtract: 'subtract',
  Multiply: 'multiply',
  TrueDivide: 'divide',
  Divide: 'divide',
  'math.add': 'add',
  '__operators__.add': 'add',
  'math.subtract': 'subtract',
  'math.multiply': 'multiply',
  'math.truediv': 'divide',
  'math.divide': 'divide',
};
const merges: Readonly<Record<string, string>> = { add: 'Add', subtract: 'Subtract', multiply: 'Multiply' };
/** Functions of TensorFlow that are activations. */
const activations: Readonly<Record<string, string>> = {
  'nn.relu': 'relu',
  'nn.relu6': 'relu6',
  'nn.silu': 'silu',
  'nn.swish': 'silu',
  'nn.gelu': 'gelu',
  'nn.softmax': 'softmax',
  'math.sigmoid': 'sigmoid',
  'math.tanh': 'tanh',
};

const numbers = z.union([z.number(), z.array(z.number()).min(1)]);
const lambda = z.looseObject({ function: z.string() });

/**
 * An operation that Keras keeps beside its layers, as a layer of ours; null for a real layer.
 * @throws ThawError `model.unsupported` for another function of TensorFlow.
 */
export function operationOf(
  written: { class_name: string; config: unknown },
  name: string,
  nodes: readonly Node[],
  about: { path: string; type: string },
  file: string,
): KerasLayer | null {
  const isLambda = written.class_name === 'TFOpLambda';
  const called = isLambda ? (lambda.safeParse(written.config).data?.function ?? '') : written.class_name;
  const operation = arithmetic[called];
  const calls = nodes.map(({ inputs }) => inputs);
  if (operation === undefined) {
    if (!isLambda) return null;
    const activation = activations[called];
    if (activation && nodes.every(({ inputs, others }) => inputs.length === 1 && others.length === 0))
      return { name, type: 'Activation', config: { activation }, calls };
    throw refused(about, l10n.t('it is TensorFlow’s function "{0}"', called), file);
  }
  const [node] = nodes;
  if (nodes.length === 1 && node?.inputs.length === 1 && node.others.length === 1) {
    const constant = numbers.safeParse(node.others[0]);
    const turned = !node.leads && (operation === 'subtract' || operation === 'divide');
    if (!constant.success || turned) throw refused(about, l10n.t('its other side is not a number, or comes first'), file);
    return { name, type: 'Arithmetic', config: { operation, constant: constant.data }, calls };
  }
  const type = merges[operation];
  if (type && nodes.every(({ inputs }) => inputs.length > 1)) return { name, type, config: {}, calls };
  throw refused(about, l10n.t('it takes {0} inputs', node?.inputs.length ?? 0), file);
}

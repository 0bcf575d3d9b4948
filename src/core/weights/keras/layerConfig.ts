import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { refused } from '../../models/keras';
import { unwrapped } from './nodes';

/** How Keras writes a function of its own that is not just a name: {"module": "builtins", "class_name": "function", "config": "relu6"}. */
const functionSchema = z.looseObject({ class_name: z.string(), config: z.union([z.string(), z.looseObject({})]) });

/** Other names of the same layers. */
const aliases: Readonly<Record<string, string>> = {
  Convolution2D: 'Conv2D',
  DepthwiseConvolution2D: 'DepthwiseConv2D',
  SeparableConvolution2D: 'SeparableConv2D',
  MaxPool2D: 'MaxPooling2D',
  AvgPool2D: 'AveragePooling2D',
  GlobalAvgPool2D: 'GlobalAveragePooling2D',
  GlobalMaxPool2D: 'GlobalMaxPooling2D',
  BatchNormalizationV1: 'BatchNormalization',
  BatchNormalizationV2: 'BatchNormalization',
  SyncBatchNormalization: 'BatchNormalization',
};

/**
 * A layer's class and configuration in our spelling: lists are lists, activations are names.
 * @throws ThawError `model.unsupported` for an activation that is code.
 */
export function layerConfig(
  type: string,
  config: Readonly<Record<string, unknown>>,
  about: { path: string; type: string },
  file: string,
): { type: string; config: Record<string, unknown> } {
  const plain = Object.fromEntries(Object.entries(config).map(([key, value]) => [key, unwrapped(value)]));
  if ('activation' in plain) plain.activation = activationName(plain.activation, isKeras3(config), about, file);
  return { type: aliases[type] ?? type, config: plain };
}

/** Keras 3 says a layer's dtype as a policy; Keras 2 and TensorFlow.js as a name, if at all. */
function isKeras3({ dtype }: Readonly<Record<string, unknown>>): boolean {
  return typeof dtype === 'object' && dtype !== null && 'module' in dtype;
}

function activationName(value: unknown, keras3: boolean, about: { path: string; type: string }, file: string): string {
  const name = nameOf(value);
  if (name === null) throw refused(about, l10n.t('its activation holds code of its own, which is never run'), file);
  if (name === 'hard_sigmoid' && !keras3) return 'hard_sigmoid_2';
  return name;
}

function nameOf(value: unknown): string | null {
  if (value === null || value === undefined) return 'linear';
  if (typeof value === 'string') return value;
  const wrapped = functionSchema.safeParse(value);
  if (!wrapped.success) return null;
  const { class_name, config } = wrapped.data;
  if (class_name === 'function') return typeof config === 'string' ? config : null;
  // A layer as an activation: {"class_name": "ReLU", "config": {…}}; its own settings are the usual ones or it is refused.
  const asLayer: Readonly<Record<string, string>> = { Softmax: 'softmax', Activation: '' };
  if (class_name in asLayer) return asLayer[class_name] || (typeof config === 'object' ? nameOf(config.activation) : null);
  return typeof config === 'string' ? config : null;
}

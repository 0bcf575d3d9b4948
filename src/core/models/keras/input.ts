import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import { Module, type Shape } from '../../nn';
import { type KerasGraph, type KerasLayer, valueName } from './graph';
import { silentTypes } from './layers/activation';

const scaling = new Set(['Rescaling', 'Normalization', 'Arithmetic']);
const silent: ReadonlySet<string> = new Set(silentTypes);

/** Whether the model begins by scaling its pictures itself: then it wants pixels as they are, 0 … 255. */
export function scalesItself(graph: KerasGraph): boolean {
  const seen = new Set<string>();
  const queue = graph.layers.filter((layer) => layer.type === 'InputLayer').flatMap(valuesOf);
  for (let value = queue.pop(); value !== undefined; value = queue.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    for (const layer of graph.layers) {
      if (!layer.calls.some((inputs) => inputs.includes(value as string))) continue;
      if (scaling.has(layer.type) || (layer.graph && scalesItself(layer.graph))) return true;
      if (silent.has(layer.type) || (layer.graph && isSilent(layer.graph))) queue.push(...valuesOf(layer));
    }
  }
  return false;
}

/** Of nothing but augmentation. */
function isSilent(graph: KerasGraph): boolean {
  return graph.layers.every((layer) => layer.type === 'InputLayer' || silent.has(layer.type) || (layer.graph && isSilent(layer.graph)));
}

const valuesOf = (layer: KerasLayer) => layer.calls.map((_, call) => valueName(layer.name, call));

/** The red, green and blue of a picture as one grey (ITU-R BT.601), for models that take one channel: [N, 3, S, S] → [N, 1, S, S] */
export class Grey extends Module {
  readonly type = 'Grey';

  override forward(x: Tensor): Tensor {
    return tf.sum(tf.mul(x, tf.tensor([0.299, 0.587, 0.114], [1, 3, 1, 1])), 1, true);
  }

  override outputShape([, ...size]: Shape): Shape {
    return [1, ...size];
  }
}

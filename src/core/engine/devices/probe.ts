import { RandomStream } from '../../random';
import type { ProgramSpec, Step, TensorData } from '../engine';
import { batchNormTraining, conv2d, globalAveragePool, linear, relu6, sgd, softmaxCrossEntropy, valueAndGradients } from '../ops';
import * as tf from '../tf';

export interface ProbeSize {
  readonly examples: number;
  /** Of the pictures, pixels. */
  readonly side: number;
}
/** Enough to compare results, and quick even where a processor stands in for the graphics card. */
export const small: ProbeSize = { examples: 4, side: 16 };
/** Enough to tell what is quicker: on less, starting the work would take longer than the work. */
export const large: ProbeSize = { examples: 16, side: 64 };

const classes = 8;

/** Filters and weights [out, in, …] of a network like those that people train: stem, depthwise, pointwise, head. */
const shapes = {
  'stem.weight': [32, 3, 3, 3],
  'norm.gain': [32],
  'norm.shift': [32],
  'depthwise.weight': [32, 1, 3, 3],
  'pointwise.weight': [64, 32, 1, 1],
  'head.weight': [classes, 64],
  'head.bias': [classes],
};
type Name = keyof typeof shapes;
const names = Object.keys(shapes) as Name[];
const momentumOf = (name: string) => `${name} momentum`;

/** One step of training: forward, gradient, update. SGD, whose result moves no more than the gradients do. */
export const probeStep: Step = ({ state, inputs }) => {
  const { images, labels } = inputs as Record<'images' | 'labels', tf.Tensor>;
  const parameters = Object.fromEntries(names.map((name) => [name, state[name] as tf.Tensor]));
  const momentum = Object.fromEntries(names.map((name) => [name, state[momentumOf(name)] as tf.Tensor]));
  const { loss, gradients } = valueAndGradients((given) => {
    const p = given as Record<Name, tf.Tensor>;
    const stem = conv2d(images, p['stem.weight'], { strides: 2, padding: 'same' }); // [N, 32, S/2, S/2]
    const normed = relu6(batchNormTraining(stem, { scale: p['norm.gain'], offset: p['norm.shift'], epsilon: 1e-5 }).y);
    const deep = relu6(conv2d(normed, p['depthwise.weight'], { padding: 'same', groups: 32 }));
    const wide = relu6(conv2d(deep, p['pointwise.weight'], { padding: 'same' })); // [N, 64, S/2, S/2]
    const logits = linear(globalAveragePool(wide), p['head.weight'], p['head.bias']);
    return { loss: tf.mean(softmaxCrossEntropy(logits, labels, 0)), aux: {} };
  }, parameters);
  const updated = sgd(
    { parameters, gradients, momentum, decayed: new Set() },
    { learningRate: tf.scalar(0.1), momentum: 0.9, weightDecay: 0 },
  );
  const slots = Object.fromEntries(names.map((name) => [momentumOf(name), updated.momentum[name] as tf.Tensor]));
  return { outputs: { loss }, state: { ...updated.parameters, ...slots } };
};

export const probeSpec = ({ examples, side }: ProbeSize): ProgramSpec => ({
  state: new Map(
    names.flatMap((name): [string, TensorData][] => {
      const shape = shapes[name];
      const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
      const zeros = new Float32Array(shape.reduce((a, b) => a * b, 1));
      const stream = new RandomStream(0, 'probe', name);
      const data =
        shape.length > 1 ? zeros.map(() => stream.normal() * Math.sqrt(2 / fanIn)) : zeros.map(() => (name === 'norm.gain' ? 1 : 0));
      return [
        [name, { dtype: 'float32', shape, data }],
        [momentumOf(name), { dtype: 'float32', shape, data: zeros.slice() }],
      ];
    }),
  ),
  constants: new Map(),
  inputs: { images: { dtype: 'float32', shape: [examples, 3, side, side] }, labels: { dtype: 'int32', shape: [examples] } },
});

export function probeInputs({ examples, side }: ProbeSize): { images: Float32Array; labels: Int32Array } {
  const stream = new RandomStream(0, 'probe', 'images');
  return {
    images: Float32Array.from({ length: examples * 3 * side * side }, () => stream.normal()),
    labels: Int32Array.from({ length: examples }, (_, i) => i % classes),
  };
}

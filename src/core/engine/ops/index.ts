/** tfjs, for what goes beyond these ops. */
export * as tf from '../tf';
export { type Conv2dOptions, conv2d } from './conv2d';
export type { Padding } from './geometry';
export { valueAndGradients } from './gradients';
export { addBias, linear } from './linear';
export { softmax, softmaxCrossEntropy } from './loss';

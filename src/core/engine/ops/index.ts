import './broadcasts';

/** tfjs, for what goes beyond these ops. */
export * as tf from '../tf';
export { addGradients, meanGradients } from './accumulation';
export { gelu, geluTanh, hardSigmoid, hardSwish, relu, relu6, sigmoid, silu } from './activations';
export { attention, unseen } from './attention';
export { batchNorm, batchNormTraining } from './batchNorm';
export { clipByGlobalNorm } from './clipping';
export { type Conv2dOptions, conv2d } from './conv2d';
export { type DropoutKey, dropout, dropoutKey, dropoutMask } from './dropout';
export { embedding } from './embedding';
export type { Padding } from './geometry';
export { valueAndGradients } from './gradients';
export { layerNorm, rmsNorm } from './layerNorm';
export { addBias, linear } from './linear';
export { softmax, softmaxCrossEntropy } from './loss';
export { adamW, sgd } from './optimizers';
export { averagePool2d, globalAveragePool, maxPool2d, type PoolOptions } from './pooling';
export { putRows } from './rows';

export { type Activation, activate } from './activation';
export { BatchNorm, type BatchNormOptions } from './batchNorm';
export { Conv2d, type Conv2dOptions, type Padding } from './conv2d';
export { initialTensors } from './initial';
export { Linear } from './linear';
export { type Initial, layerTree, Module, rooted, type Scope, type Shape, tensorsOf } from './module';
export { GlobalAveragePool } from './pooling';
export { forwardAll, Sequential } from './sequential';

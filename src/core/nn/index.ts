export { type Activation, activate } from './activation';
export { causalAttention, droppedAttention, paddingBias, swapped } from './attention';
export { BatchNorm, type BatchNormOptions } from './batchNorm';
export { Conv2d, type Conv2dOptions, type Padding } from './conv2d';
export { Dropout, drop, dropoutUnder, droppingIn } from './dropout';
export { Embedding } from './embedding';
export { Group } from './group';
export { initialTensors } from './initial';
export { LayerNorm, RmsNorm } from './layerNorm';
export { type Adapter, Linear, type LinearOptions, linearsOf, TiedLinear } from './linear';
export {
  type Initial,
  keptRows,
  layerTree,
  Module,
  namesRead,
  type Past,
  rooted,
  type Scope,
  type Scores,
  type Shape,
  tensorsOf,
} from './module';
export { GlobalAveragePool, MaxPool } from './pooling';
export { forwardAll, Sequential } from './sequential';

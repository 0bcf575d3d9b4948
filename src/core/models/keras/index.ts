export { kerasFamily } from './family';
export { type KerasGraph, type KerasLayer, kerasGraphSchema, keyOf, valueName } from './graph';
export { headOf } from './head';
export { KerasModule, refused, type Variable } from './layer';
export { kindOf } from './layers';
export { KerasNetwork } from './network';

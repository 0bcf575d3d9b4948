export { isAdapter } from './base';
export type { AdapterBase } from './card';
export { isAdapterTensor, mergeAdapter, removeAdapters } from './merge';
export type { Naming } from './naming';
export { adapterBase, describeAdapted, isAdapted, loraOf } from './of';
export { type Adapter, readAdapter } from './read';
export { fitsAdapter, type SavedAdapter, saveAdapter } from './save';

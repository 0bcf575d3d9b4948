export {
  type Adapter,
  type AdapterBase,
  adapterBase,
  describeAdapted,
  fitsAdapter,
  isAdapted,
  isAdapter,
  isAdapterTensor,
  mergeAdapter,
  type Naming,
  readAdapter,
  removeAdapters,
  type SavedAdapter,
  saveAdapter,
} from './adapter';
export { notFinite, notFiniteMessage } from './finite';
export { listModels } from './list';
export { type DescribedModel, describeModel, loadModel, type ModelOptions } from './load';
export { exactId, locate, modelsFolder, type Places } from './locate';
export { encodeSafetensors, readSafetensors, writeSafetensors } from './safetensors';
export { readSafetensorsHeader, type SafetensorsHeader } from './safetensorsHeader';
export { type SavedModel, saveModel } from './save';
export {
  type DescribedTextModel,
  describeTextModel,
  type LoadedTextModel,
  loadTextModel,
  type SavedTextModel,
  saveTextModel,
  type TextOptions,
} from './textCheckpoint';
export { describeForTask, describeTextById, loadTextById, type TextModelById } from './textModels';
export { readTorchFile } from './torchFile';

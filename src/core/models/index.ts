export { mobilenetV2TransformersNames } from './mobilenetV2';
export type { ImageModel, LoadedModel, Network } from './model';
export { buildModel, canStartFromScratch, scratchArchitectures } from './registry';
export { type ModelSpec, roundChannels, unsupported } from './spec';

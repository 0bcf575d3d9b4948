export { convnextNamed, convnextTransformersNames } from './convnext';
export { mobilenetV2TransformersNames } from './mobilenetV2';
export { headsOf, type ImageModel, isInHead, type LoadedModel, type Network } from './model';
export { buildModel, canStartFromScratch, scratchArchitectures } from './registry';
export { resnetNamed, resnetTransformersNames } from './resnet';
export { type ModelSpec, roundChannels, unsupported, unsupportedSetting } from './spec';
export { vitNamed, vitTransformersNames } from './vit';

export { convnextNamed, convnextTransformersNames } from './convnext';
export { setDropout } from './dropout';
export { addLora, defaultLoraTargets, type LoraOptions } from './lora';
export { mobilenetV2TransformersNames } from './mobilenetV2';
export { headsOf, type ImageModel, isInHead, type LoadedModel, type Network } from './model';
export { buildModel, canStartFromScratch, scratchArchitectures } from './registry';
export { resnetNamed, resnetTransformersNames } from './resnet';
export { imageNetDeviation, imageNetMean, type ModelSpec, roundChannels, unsupported, unsupportedSetting } from './spec';
export { deitNamed, vitNamed, vitTransformersNames } from './vit';

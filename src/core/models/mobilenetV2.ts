import type { ImageTarget } from '../data/target';
import { rooted } from '../nn';
import { MobileNet, type Stage } from './mobileNet';
import type { ImageModel } from './model';
import { argumentsOf, imageNetDeviation, imageNetMean, type ModelSpec, roundChannels, timmConfig } from './spec';

/** MobileNetV2, table 2 (Sandler et al. 2018, arXiv 1801.04381). */
const stages: readonly Stage[] = [
  { kernel: 3, stride: 1, expansion: 1, channels: 16, repeats: 1 },
  { kernel: 3, stride: 2, expansion: 6, channels: 24, repeats: 2 },
  { kernel: 3, stride: 2, expansion: 6, channels: 32, repeats: 3 },
  { kernel: 3, stride: 2, expansion: 6, channels: 64, repeats: 4 },
  { kernel: 3, stride: 1, expansion: 6, channels: 96, repeats: 3 },
  { kernel: 3, stride: 2, expansion: 6, channels: 160, repeats: 3 },
  { kernel: 3, stride: 1, expansion: 6, channels: 320, repeats: 1 },
];

const defaultInput: ImageTarget = {
  size: 224,
  crop: 0.875,
  interpolation: 'bicubic',
  mean: imageNetMean,
  std: imageNetDeviation,
};

/** `mobilenetv2_035` is the network of width 0.35: timm's name carried to any width in hundredths. */
export function mobilenetV2Family(spec: ModelSpec): ImageModel | null {
  const found = /^mobilenetv2_(\d{3})$/.exec(spec.architecture);
  const width = Number(found?.[1]) / 100;
  if (!found || width === 0) return null;
  argumentsOf(spec, 'avg', {});
  const input = { ...defaultInput, ...spec.input };
  const features = Math.max(1280, roundChannels(1280 * width));
  const root = rooted(
    new MobileNet({
      type: 'MobileNetV2',
      stem: roundChannels(32 * width),
      stages: stages.map((stage) => ({ ...stage, channels: roundChannels(stage.channels * width) })),
      features,
      classes: spec.classes,
      style: { padding: spec.padding === 'same' ? 'same' : undefined, epsilon: spec.epsilon ?? 1e-5 },
    }),
  );
  return {
    architecture: spec.architecture,
    title: `MobileNetV2 ${width.toFixed(2)}`,
    family: 'mobilenetv2',
    root,
    chain: root.chain,
    input,
    classes: spec.classes,
    head: 'classifier',
    blocks: root.blocks,
    config: timmConfig(spec, { input, features, firstConv: 'conv_stem' }),
  };
}

/**
 * Hugging Face's names (transformers, MobileNetV2ForImageClassification) → timm's. There, the first block hangs below the
 * stem and the other sixteen stand in one row.
 */
export function mobilenetV2TransformersNames(): Map<string, string> {
  const names = new Map<string, string>();
  const layer = (theirs: string, convolution: string, norm: string) => {
    names.set(`mobilenet_v2.${theirs}.convolution.weight`, `${convolution}.weight`);
    for (const key of ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'])
      names.set(`mobilenet_v2.${theirs}.normalization.${key}`, `${norm}.${key}`);
  };
  layer('conv_stem.first_conv', 'conv_stem', 'bn1');
  layer('conv_stem.conv_3x3', 'blocks.0.0.conv_dw', 'blocks.0.0.bn1');
  layer('conv_stem.reduce_1x1', 'blocks.0.0.conv_pw', 'blocks.0.0.bn2');
  let row = 0;
  stages.forEach(({ repeats }, stage) => {
    if (stage === 0) return;
    for (let i = 0; i < repeats; i++, row++) {
      layer(`layer.${row}.expand_1x1`, `blocks.${stage}.${i}.conv_pw`, `blocks.${stage}.${i}.bn1`);
      layer(`layer.${row}.conv_3x3`, `blocks.${stage}.${i}.conv_dw`, `blocks.${stage}.${i}.bn2`);
      layer(`layer.${row}.reduce_1x1`, `blocks.${stage}.${i}.conv_pwl`, `blocks.${stage}.${i}.bn3`);
    }
  });
  layer('conv_1x1', 'conv_head', 'bn2');
  for (const key of ['weight', 'bias']) names.set(`classifier.${key}`, `classifier.${key}`);
  return names;
}

import type { ImageTarget } from '../data/target';
import { rooted } from '../nn';
import { MobileNet, type Stage } from './mobileNet';
import type { ImageModel } from './model';
import { argumentsOf, half, imageNetDeviation, imageNetMean, type ModelSpec, roundChannels, timmConfig } from './spec';

/**
 * EfficientNet-Lite: EfficientNet (Tan and Le 2019) without squeeze-and-excitation and with ReLU6, made for small machines.
 * Source: tensorflow/tpu, models/official/efficientnet/lite.
 */
const stages: readonly Stage[] = [
  { kernel: 3, stride: 1, expansion: 1, channels: 16, repeats: 1 },
  { kernel: 3, stride: 2, expansion: 6, channels: 24, repeats: 2 },
  { kernel: 5, stride: 2, expansion: 6, channels: 40, repeats: 2 },
  { kernel: 3, stride: 2, expansion: 6, channels: 80, repeats: 3 },
  { kernel: 5, stride: 1, expansion: 6, channels: 112, repeats: 3 },
  { kernel: 5, stride: 2, expansion: 6, channels: 192, repeats: 4 },
  { kernel: 3, stride: 1, expansion: 6, channels: 320, repeats: 1 },
];

interface Variant {
  readonly width: number;
  readonly depth: number;
  readonly size: number;
  readonly crop: number;
  readonly interpolation: ImageTarget['interpolation'];
}
const variants: readonly Variant[] = [
  { width: 1.0, depth: 1.0, size: 224, crop: 0.875, interpolation: 'bicubic' },
  { width: 1.0, depth: 1.1, size: 240, crop: 0.882, interpolation: 'bicubic' },
  { width: 1.1, depth: 1.2, size: 260, crop: 0.89, interpolation: 'bicubic' },
  { width: 1.2, depth: 1.4, size: 300, crop: 0.904, interpolation: 'bilinear' },
  { width: 1.4, depth: 1.8, size: 380, crop: 0.92, interpolation: 'bilinear' },
];

/** Width scales every stage but the stem and head; depth every stage but the first and last. */
function scaled(width: number, depth: number): Stage[] {
  return stages.map((stage, i) => ({
    ...stage,
    channels: roundChannels(stage.channels * width),
    repeats: i === 0 || i === stages.length - 1 ? stage.repeats : Math.ceil(stage.repeats * depth),
  }));
}

/** The bare network. `padding` undefined is PyTorch's symmetric one. */
export function efficientNetLite(options: {
  width: number;
  depth: number;
  classes: number;
  padding: 'same' | undefined;
  epsilon: number;
}): MobileNet {
  const { width, depth, classes, padding, epsilon } = options;
  return rooted(
    new MobileNet({
      type: 'EfficientNet',
      stem: 32,
      stages: scaled(width, depth),
      features: 1280,
      classes,
      style: { padding, epsilon },
    }),
  );
}

/**
 * timm's `tf_efficientnet_lite0` … `4` (TensorFlow's padding and epsilon, pictures in −1 … 1) and `efficientnet_lite0` … `4`
 * (timm's own training).
 */
export function efficientNetLiteFamily(spec: ModelSpec): ImageModel | null {
  const found = /^(tf_)?efficientnet_lite([0-4])$/.exec(spec.architecture);
  if (!found) return null;
  argumentsOf(spec, 'avg', {});
  const fromTensorFlow = found[1] !== undefined;
  const { width, depth, ...variant } = variants[Number(found[2])] as Variant;
  const input: ImageTarget = {
    ...variant,
    interpolation: fromTensorFlow ? variant.interpolation : 'bicubic',
    mean: fromTensorFlow ? half : imageNetMean,
    std: fromTensorFlow ? half : imageNetDeviation,
    ...spec.input,
  };
  const root = efficientNetLite({
    width,
    depth,
    classes: spec.classes,
    padding: (spec.padding ?? (fromTensorFlow ? 'same' : 'symmetric')) === 'same' ? 'same' : undefined,
    epsilon: spec.epsilon ?? (fromTensorFlow ? 1e-3 : 1e-5),
  });
  return {
    architecture: spec.architecture,
    title: `EfficientNet-Lite${found[2]}`,
    family: 'efficientnet_lite',
    root,
    chain: root.chain,
    input,
    classes: spec.classes,
    head: 'classifier',
    blocks: root.blocks,
    config: timmConfig(spec, { input, features: 1280, firstConv: 'conv_stem' }),
  };
}

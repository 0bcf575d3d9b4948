import { type Dataset, decodeBatch, openDataset, prefetched } from '../src/core/data';
import type { Engine, TensorData } from '../src/core/engine';
import { buildModel, type ImageModel } from '../src/core/models';
import { initialTensors } from '../src/core/nn';
import { readsPictures } from '../src/core/training/reads';
import { select } from '../src/core/training/selection';
import { Slots, slotKinds } from '../src/core/training/slots';
import { Stage } from '../src/core/training/stage';
import type { Case, Scale, Work } from './case';
import { textCases } from './textCases';

const optimizer = { name: 'sgd', momentum: 0.9, weightDecay: 0 } as const;
const classes = 10;
/** So little that no numbers become denormal, which would slow both sides down. */
const learningRate = 1e-6;

type Build = (size: number) => ImageModel;
const lite: Build = (size) => buildModel({ architecture: 'tf_efficientnet_lite0', classes, input: { size } });
const mobilenet: Build = (size) => buildModel({ architecture: 'mobilenetv2_035', classes, input: { size } });
const resnet: Build = (size) => buildModel({ architecture: 'resnet18', classes, input: { size } });
const vit: Build = (size) => buildModel({ architecture: 'vit_tiny_patch16_224', classes, input: { size } });
const convnet: Build = (size) => buildModel({ architecture: 'convnet_small', classes, input: { size } });
const top = ['blocks.5.**', 'blocks.6.**', 'conv_head.**', 'classifier.**'];
const noNorms = ['!bn*.*', '!**.bn*.*'];

export const cases: Record<string, Case> = {
  features: {
    measure: 'EfficientNet-Lite0 features 224², from decoded pixels',
    size: 224,
    goals: { pytorch: 0.5 },
    prepare: featuresOfPixels(lite),
  },
  'features-resnet18': {
    measure: 'ResNet-18 features 224², from decoded pixels',
    size: 224,
    goals: { pytorch: 0.8 },
    prepare: featuresOfPixels(resnet),
  },
  'features-vit-tiny': {
    measure: 'ViT-Tiny/16 features 224², from decoded pixels',
    size: 224,
    goals: { pytorch: 0.8 },
    prepare: featuresOfPixels(vit),
  },
  files: {
    measure: 'the same from JPEG files',
    size: 224,
    goals: { pytorch: 0.5 },
    prepare: featuresOfFiles,
  },
  mobilenet: {
    measure: 'full training step, MobileNetV2 0.35, 96²',
    size: 96,
    goals: { pytorch: 0.8, portable: 1.5, tensorflow: 0.1, compile: 2 },
    prepare: learning(mobilenet, ['**']),
  },
  'mobilenet-frozen-norms': {
    measure: 'the same, batch norms frozen',
    size: 96,
    goals: { pytorch: 0.7 },
    prepare: learning(mobilenet, ['**', ...noNorms]),
  },
  lite: {
    measure: 'full training step, EfficientNet-Lite0, 224²',
    size: 224,
    goals: { pytorch: 0.9 },
    prepare: learning(lite, ['**']),
  },
  'lite-top': {
    measure: 'its last two stages and head, from features',
    size: 224,
    goals: { pytorch: 0.8 },
    prepare: learning(lite, [...top, 'bn2.*']),
  },
  'lite-top-frozen-norms': {
    measure: 'the same, batch norms frozen',
    size: 224,
    goals: { pytorch: null },
    prepare: learning(lite, [...top, ...noNorms]),
  },
  convnet: {
    measure: 'full training step, convnet_small, 96²',
    size: 96,
    goals: { pytorch: null },
    prepare: learning(convnet, ['**']),
  },
  ...textCases,
};

/** A training step of what the rules let learn, from what is frozen before it. */
function learning(build: Build, rules: string[]): Case['prepare'] {
  return async (engine, { batch, size }) => {
    const stage = await stageOf(engine, build(size), rules, batch);
    const given = {
      x: made(batch * stage.featureShape().reduce((a, b) => a * b, 1)),
      labels: Int32Array.from({ length: batch }, (_, i) => i % classes),
      weights: new Float32Array(batch).fill(1 / batch),
      learningRate,
    };
    return { step: () => stage.train(given) };
  };
}

function featuresOfPixels(build: Build): Case['prepare'] {
  return async (engine, { batch, size }) => {
    const model = build(size);
    const stage = await stageOf(engine, model, [`${model.head}.**`], batch);
    const images = made(batch * 3 * size * size);
    return { step: () => stage.features({ x: images }) };
  };
}

/** Up to 128 training pictures, decoded two batches ahead, as training does. */
async function featuresOfFiles(engine: Engine, { batch, size, data }: Scale): Promise<Work> {
  const model = lite(size);
  const stage = await stageOf(engine, model, ['classifier.**'], batch);
  const dataset: Dataset = await openDataset(data, { validationSplit: 0, testSplit: 0 });
  const training = dataset.examples.flatMap(({ split }, i) => (split === 'train' ? [i] : []));
  const batches = Math.max(1, Math.min(8, Math.floor(training.length / batch)));
  const none = new Array<null>(batch).fill(null);
  const decoded = (i: number) => decodeBatch(dataset, training.slice(i * batch, (i + 1) * batch), model.input, none);
  const step = async () => {
    for await (const { images } of prefetched(batches, decoded, 2)) await stage.features({ x: images });
  };
  return { step, batches };
}

async function stageOf(engine: Engine, model: ImageModel, rules: string[], batchSize: number): Promise<Stage> {
  const tensors: Map<string, TensorData> = initialTensors(model.root, 0);
  const selection = select(model, rules);
  const config = { optimizer, labelSmoothing: 0 };
  const slots = new Slots(slotKinds(optimizer));
  return Stage.compile({ engine, model, forms: [readsPictures(model)], selection, batchSize, config, tensors, slots });
}

/** Values that are all over [−1, 1). */
const made = (length: number) => Float32Array.from({ length }, (_, i) => ((i * 7919) % 1000) / 500 - 1);

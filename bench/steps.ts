import { createEngine, type FeatureLayout, type TensorData } from '../src/core/engine';
import { buildModel, type ImageModel } from '../src/core/models';
import { initialTensors } from '../src/core/nn';
import { select } from '../src/core/training/selection';
import { Slots, slotKinds } from '../src/core/training/slots';
import { Stage } from '../src/core/training/stage';

const batchSize = 16;
const optimizer = { name: 'sgd', momentum: 0.9, weightDecay: 0 } as const;
const classes = 10;

const lite = () => buildModel({ architecture: 'tf_efficientnet_lite0', classes, input: { size: 224 } });
const mobilenet = () => buildModel({ architecture: 'mobilenetv2_035', classes, input: { size: 96 } });
const convnet = () => buildModel({ architecture: 'convnet_small', classes });
const noNorms = ['!bn*.*', '!**.bn*.*'];

/** The steps that are measured; ./peers/steps.py has the same ones under these names. */
const cases: Record<string, { model: () => ImageModel; rules: string[] }> = {
  mobilenet: { model: mobilenet, rules: ['**'] },
  'mobilenet-frozen-norms': { model: mobilenet, rules: ['**', ...noNorms] },
  convnet: { model: convnet, rules: ['**'] },
  'lite-top': { model: lite, rules: ['blocks.5.**', 'blocks.6.**', 'conv_head.**', 'bn2.*', 'classifier.**'] },
  'lite-top-frozen-norms': { model: lite, rules: ['blocks.5.**', 'blocks.6.**', 'conv_head.**', 'classifier.**', ...noNorms] },
};
export const caseNames = Object.keys(cases);

/** A training step, compiled: `seconds` until it had run once, `step` runs it again. */
export async function trainingStepOf(name: string, layout: FeatureLayout, threads: number) {
  const { model: build, rules } = cases[name] as (typeof cases)[string];
  const model = build();
  const engine = await createEngine('onnx', { threads, layout });
  const tensors: Map<string, TensorData> = initialTensors(model.root, 0);
  const selection = select(model, rules);
  const slots = new Slots(slotKinds(optimizer));
  const start = performance.now();
  const stage = await Stage.compile({ engine, model, selection, batchSize, config: { optimizer, labelSmoothing: 0 }, tensors, slots });
  const size = batchSize * stage.featureShape.reduce((a, b) => a * b, 1);
  const batch = {
    x: Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 1000) / 500 - 1),
    labels: Int32Array.from({ length: batchSize }, (_, i) => i % classes),
    weights: new Float32Array(batchSize).fill(1 / batchSize),
    learningRate: 1e-6, // learning little, so that no numbers become denormal, which would slow both sides down
  };
  const step = () => stage.train(batch);
  await step();
  const seconds = (performance.now() - start) / 1000;
  const dispose = async () => {
    await stage.dispose();
    await engine.dispose();
  };
  return { seconds, step, dispose };
}

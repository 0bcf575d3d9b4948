// Made-up data for looking at the tab without a host: vehicles, EfficientNet-Lite0, a run of twelve epochs.
import type { ModelFacts } from '../../src/protocol/assistant';
import type { DataSummary, ExampleRow, Split } from '../../src/protocol/data';
import type { RunEvent, RunEventBody } from '../../src/protocol/events';
import type { LayerNode } from '../../src/protocol/layerTree';
import type { TrainingFields } from '../../src/protocol/panel';
import type { Evaluation, Prediction } from '../../src/protocol/report';

/** mulberry32: the same world at every visit. */
export function random(seed: number): () => number {
  let a = (seed * 2654435761) >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const leaf = (name: string, type: string, outputShape: number[], tensors: LayerNode['tensors']): LayerNode => {
  const parameters = tensors.filter((t) => !t.statistic).reduce((sum, t) => sum + t.shape.reduce((a, b) => a * b, 1), 0);
  return { name, type, outputShape, parameters, trainable: 0, tensors, children: [] };
};
const group = (name: string, type: string, children: LayerNode[]): LayerNode => ({
  name,
  type,
  outputShape: children.at(-1)!.outputShape,
  parameters: children.reduce((sum, c) => sum + c.parameters, 0),
  trainable: 0,
  tensors: [],
  children,
});
const conv = (name: string, k: number, i: number, o: number, hw: number, groups = 1) =>
  leaf(
    name,
    `${groups > 1 ? 'Depthwise' : 'Conv2d'} ${k}×${k}`,
    [o, hw, hw],
    [{ name: `${name}.weight`, shape: [o, i / groups, k, k], statistic: false }],
  );
const norm = (name: string, c: number, hw: number) =>
  leaf(
    name,
    'BatchNorm',
    [c, hw, hw],
    ['weight', 'bias', 'running_mean', 'running_var'].map((n) => ({
      name: `${name}.${n}`,
      shape: [c],
      statistic: n.startsWith('running'),
    })),
  );

/** The tree of timm's tf_efficientnet_lite0 with a head for two classes. */
export function efficientNetLite0(): LayerNode {
  const stages = [
    [16, 3, 1, 1, 112],
    [24, 3, 6, 2, 56],
    [40, 5, 6, 2, 28],
    [80, 3, 6, 3, 14],
    [112, 5, 6, 3, 14],
    [192, 5, 6, 4, 7],
    [320, 3, 6, 1, 7],
  ] as const;
  let width = 32;
  let size = 112;
  const blocks = stages.map(([out, k, expand, repeat, hw], s) => {
    const parts = Array.from({ length: repeat }, (_, r) => {
      const at = `blocks.${s}.${r}`;
      const mid = width * expand;
      const children =
        expand === 1
          ? [
              conv(`${at}.conv_dw`, k, mid, mid, hw, mid),
              norm(`${at}.bn1`, mid, hw),
              conv(`${at}.conv_pw`, 1, mid, out, hw),
              norm(`${at}.bn2`, out, hw),
            ]
          : [
              conv(`${at}.conv_pw`, 1, width, mid, size),
              norm(`${at}.bn1`, mid, size),
              conv(`${at}.conv_dw`, k, mid, mid, hw, mid),
              norm(`${at}.bn2`, mid, hw),
              conv(`${at}.conv_pwl`, 1, mid, out, hw),
              norm(`${at}.bn3`, out, hw),
            ];
      width = out;
      size = hw;
      return group(at, 'InvertedResidual', children);
    });
    return group(`blocks.${s}`, 'Sequential', parts);
  });
  return group('', 'EfficientNet', [
    conv('conv_stem', 3, 3, 32, 112),
    norm('bn1', 32, 112),
    group('blocks', 'Sequential', blocks),
    conv('conv_head', 1, 320, 1280, 7),
    norm('bn2', 1280, 7),
    leaf(
      'classifier',
      'Linear',
      [2],
      [
        { name: 'classifier.weight', shape: [2, 1280], statistic: false },
        { name: 'classifier.bias', shape: [2], statistic: false },
      ],
    ),
  ]);
}

export const facts: ModelFacts = {
  id: 'efficientnet_lite0',
  title: 'EfficientNet-Lite0',
  family: 'efficientnet',
  task: 'image-classification',
  parameters: 3_373_570,
  bytes: 13_500_000,
  source: 'bundled',
  licence: 'Apache-2.0',
  imageSize: 224,
  pretrainedOn: 'ImageNet',
};

export const presets = [
  { name: 'head' as const, rules: ['classifier.**'] },
  { name: 'top' as const, rules: ['blocks.6.**', 'conv_head.**', 'bn2.**', 'classifier.**'] },
  { name: 'all' as const, rules: ['**'] },
];

const names = ['car', 'truck'];
const counts: Record<Split, [number, number]> = { train: [249, 199], validation: [53, 43], test: [54, 42] };

export function exampleRows(): ExampleRow[] {
  const rows = (Object.keys(counts) as Split[]).flatMap((split) =>
    counts[split].flatMap((count, label) =>
      Array.from({ length: count }, (_, i) => ({
        path: `${split}/${names[label]}/${names[label]}_${String(i).padStart(3, '0')}.png`,
        label,
        split,
      })),
    ),
  );
  const draw = random(99);
  return rows
    .map((row) => ({ row, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ row }) => row);
}

export const summary: DataSummary = {
  root: '/home/ada/samples/vehicles',
  task: 'image-classification',
  classes: names.map((name, i) => ({ name, count: counts.train[i]! + counts.validation[i]! + counts.test[i]! })),
  splits: {
    train: { count: 448, classes: counts.train, origin: 'folder' },
    validation: { count: 96, classes: counts.validation, origin: 'folder' },
    test: { count: 96, classes: counts.test, origin: 'folder' },
  },
  problems: [
    {
      code: 'unreadable',
      severity: 'error',
      message: 'truck_207.png can’t be read',
      meaning: 'The file ends early. It is left out.',
      files: ['train/truck/truck_207.png'],
      count: 1,
    },
    {
      code: 'sameInSplits',
      severity: 'warning',
      message: '2 pictures are in train and in test',
      meaning: 'They would flatter the test accuracy. Their copies in train are left out.',
      files: ['train/car/car_003.png', 'test/car/car_031.png'],
      count: 2,
    },
    {
      code: 'duplicate',
      severity: 'warning',
      message: '4 pictures occur twice in train',
      meaning: 'Each counts once.',
      files: ['train/car/car_010.png', 'train/car/car_011.png', 'train/truck/truck_020.png', 'train/truck/truck_021.png'],
      count: 4,
    },
    {
      code: 'imbalance',
      severity: 'info',
      message: '1.25 cars for every truck',
      meaning: 'Mild imbalance: nothing is done.',
      files: [],
      count: 0,
    },
  ],
  fingerprint: 'f'.repeat(64),
};

export const fields: TrainingFields = {
  prefix: '',
  epochs: 12,
  batchSize: 16,
  learningRate: 0.001,
  augmentation: 'flip',
  earlyStopping: 3,
  maxLength: 0,
  longTexts: 'cut',
  optimizer: 'adamw',
  weightDecay: 0.01,
  labelSmoothing: 0.1,
  classWeights: 'none',
  schedule: 'cosine',
  warmup: 0.05,
  gradientClipping: 0,
  gradientAccumulation: 1,
  validationSplit: 0.15,
  testSplit: 0.15,
  seed: 42,
  loraRank: 8,
  loraAlpha: 16,
};

export const thawedRules = ['classifier.**', 'conv_head.**', 'blocks.6.**'];
export const stepsPerEpoch = 28;
const epochs = 12;
const losses = [0.512, 0.341, 0.262, 0.221, 0.196, 0.158, 0.143, 0.134, 0.127, 0.129, 0.131, 0.136];
const right = [59, 81, 85, 87, 89, 91, 92, 91, 93, 92, 92, 92];
const bump = (t: number) => (t < 4 ? 0 : 0.06 * Math.exp(-(t - 4) / 0.12));
const trainLoss = (t: number) => (t < 4 ? 0.15 + 0.54 * Math.exp(-t / 1.15) : 0.042 + 0.1245 * Math.exp(-(t - 4) / 1.9) + bump(t));
const trainAccuracy = (t: number) => (t < 4 ? 0.935 - 0.43 * Math.exp(-t / 1.05) : 0.991 - 0.0655 * Math.exp(-(t - 4) / 2) - bump(t) * 0.5);

const evaluation: Evaluation = {
  accuracy: 93 / 96,
  loss: 0.14,
  macroF1: 0.968,
  perClass: [
    { name: 'car', precision: 53 / 55, recall: 53 / 54, f1: 0.972, count: 54 },
    { name: 'truck', precision: 40 / 41, recall: 40 / 42, f1: 0.964, count: 42 },
  ],
  confusion: [
    [53, 1],
    [2, 40],
  ],
};

export function predictions(): Prediction[] {
  const wrong = new Map([
    ['test/truck/truck_031.png', 0.97],
    ['test/car/car_018.png', 0.88],
    ['test/truck/truck_019.png', 0.61],
  ]);
  return exampleRows()
    .filter((row) => row.split === 'test')
    .map(({ path, label }) => {
      const p = wrong.get(path);
      return { path, split: 'test', label: names[label]!, predicted: names[p === undefined ? label : 1 - label]!, probability: p ?? 0.98 };
    });
}

/** The events of a run up to `until` epochs, as the run folder would hold them. */
export function eventsUntil(until: number, end: 'training' | 'paused' | 'finished' | 'failed' | 'stopped' | 'preparing'): RunEvent[] {
  const events: RunEvent[] = [];
  let time = Date.UTC(2026, 2, 2, 10, 41, 7);
  const say = (body: RunEventBody, seconds = 0) => {
    time += seconds * 1000;
    events.push({ ...body, seq: events.length + 1, time } as RunEvent);
  };
  say({
    type: 'started',
    run: '/home/ada/.thaw/runs/2026-03-02-1041',
    config: {
      version: 1,
      data: { path: summary.root, task: 'image-classification', validationSplit: 0.15, testSplit: 0.15 },
      model: facts.id,
      phases: [{ epochs, learningRate: 0.001, rules: ['classifier.**', 'conv_head.**'] }],
      batchSize: 16,
      optimizer: { name: 'adamw', weightDecay: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      schedule: { name: 'cosine', warmup: 0.05 },
      augmentation: 'flip',
      labelSmoothing: 0.1,
      classWeights: 'none',
      earlyStopping: 3,
      longTexts: 'cut',
      seed: 42,
      engine: 'onnx',
      device: 'cpu',
      threads: 0,
      dropout: 'model',
      gradientClipping: 0,
      gradientAccumulation: 1,
      idleMinutes: 10,
    },
  });
  say({ type: 'model', id: facts.id, parameters: facts.parameters, trainableParameters: 2562 }, 1);
  say({ type: 'phase', index: 0, trainable: ['classifier.**', 'conv_head.**'] });
  say({ type: 'prepare', done: 0, total: 448 });
  say({ type: 'prepare', done: 288, total: 448 }, 7);
  if (end === 'preparing') return events;
  say({ type: 'prepare', done: 448, total: 448 }, 4);
  const noise = random(7);
  for (let step = 1; step <= Math.round(until * stepsPerEpoch); step++) {
    const t = step / stepsPerEpoch;
    const wobble = noise() + noise() - 1;
    say(
      {
        type: 'step',
        step,
        epoch: Math.ceil(t),
        totalSteps: epochs * stepsPerEpoch,
        loss: trainLoss(t) * (1 + 0.3 * wobble),
        accuracy: Math.min(1, trainAccuracy(t) * (1 + 0.04 * wobble)),
        learningRate: 0.001,
        examplesPerSecond: 97,
        memoryBytes: 612e6,
      },
      t <= 4 ? 0.12 : 0.17,
    );
    if (step === 4 * stepsPerEpoch) say({ type: 'freeze', trainable: thawedRules, step });
    if (step % stepsPerEpoch > 0) continue;
    const i = step / stepsPerEpoch - 1;
    say({
      type: 'epoch',
      epoch: i + 1,
      step,
      seconds: i === 0 ? 5.9 : i < 4 ? 3.4 + (i % 3) / 10 : 4.6 + (i % 3) / 10,
      train: { loss: trainLoss(i + 0.99), accuracy: trainAccuracy(i + 0.99) },
      validation: { loss: losses[i]!, accuracy: right[i]! / 96 },
    });
    say({ type: 'checkpoint', step, path: `checkpoints/step-${step}`, best: i < 9 });
  }
  const step = Math.round(until * stepsPerEpoch);
  if (end === 'paused') say({ type: 'paused', step, reason: 'asked' });
  if (end === 'stopped') say({ type: 'stopped', step });
  if (end === 'failed') say({ type: 'failed', error: failure });
  if (end === 'finished')
    say({
      type: 'finished',
      run: '/home/ada/.thaw/runs/2026-03-02-1041',
      report: {
        test: evaluation,
        validation: evaluation,
        parameters: facts.parameters,
        trainableParameters: 1_017_762,
        best: { epoch: 9, step: 9 * stepsPerEpoch },
        timings: { total: 58, prepare: 11, train: 45, evaluate: 2 },
        peakMemoryBytes: 612e6,
        frozen: { count: 229, identical: true },
      },
    });
  return events;
}

export const failure = {
  code: 'io.gone' as const,
  message: 'truck_112.png was there when the data was read and could not be opened at step 151.',
  hint: 'Put the file back, or leave it out, then resume. Nothing is lost: the last checkpoint is step 140, epoch 5.',
  path: '/home/ada/samples/vehicles/train/truck/truck_112.png',
  detail:
    "Error: ENOENT: no such file or directory, open '/home/ada/samples/vehicles/train/truck/truck_112.png'\n    at async open (node:internal/fs/promises:639:25)",
};

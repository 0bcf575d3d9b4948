import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TextHead } from '../../../src/core/models/text';
import { TextTokenizer } from '../../../src/core/text';
import { type LoadedTextModel, loadTextModel, saveTextModel } from '../../../src/core/weights';
import { engine, integers } from '../engine/helpers';
import { distance } from '../models/compute';
import { headOf } from '../models/families';
import { caseFolder, cases, expectedOf } from '../models/family';
import { bundledModels, python } from '../models/fixtures';
import { answering, logitsOfText, type TextInputs } from '../models/textCompute';

const root = path.resolve(__dirname, '../../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-transformers-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Job {
  readonly folder: string;
  readonly inputs: TextInputs;
}
/** All in one go: Python takes long to start. */
function inTransformers(jobs: readonly Job[]): { logits: number[]; labels: Record<string, string> }[] {
  const files = jobs.map(({ folder: model, inputs }, i) => {
    const specs = Object.entries(inputs).map(([name, { shape, data }]) => [name, { shape, integers: [...data] }] as const);
    const file = path.join(folder, `job${i}.json`);
    writeFileSync(file, JSON.stringify({ folder: model, inputs: Object.fromEntries(specs) }));
    return file;
  });
  const script = path.join(root, 'scripts/fixtures/load_back_text.py');
  const output = execFileSync(python as string, [script, ...files], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function saved(loaded: LoadedTextModel, name: string, labels: readonly string[]): Promise<string> {
  const to = path.join(folder, name);
  await saveTextModel(to, { model: loaded.model, tensors: loaded.tensors, labels, card: '# A model\n' });
  return to;
}

const texts = cases.filter((name) => 'input_ids' in expectedOf(name).inputs);

it.skipIf(!python)('transformers loads strictly what was saved here, and computes the same', { timeout: 300_000 }, async () => {
  const made: (Job & { logits: Float32Array; labels: readonly string[] | null })[] = [];
  for (const name of texts) {
    const from = caseFolder(name, folder);
    const { architectures } = JSON.parse(readFileSync(path.join(from, 'config.json'), 'utf8')) as { architectures: string[] };
    const head = headOf(architectures[0] as string);
    const loaded = await loadTextModel(from, { head, seed: 0 });
    const inputs: TextInputs = Object.fromEntries(
      Object.entries(expectedOf(name).inputs).map(([key, spec]) => [key, integers(spec.shape, spec.integers ?? [])]),
    );
    const logits = await logitsOfText(await engine(), loaded, inputs);
    const labels = head === 'sequence-classification' ? (loaded.labels as string[]) : null;
    made.push({ folder: await saved(loaded, `${name}-saved`, labels ?? []), inputs, logits, labels });
  }
  const found = inTransformers(made);
  for (const [i, { folder: model, logits, labels }] of made.entries()) {
    expect(distance(logits, found[i]?.logits ?? []), model).toBeLessThan(1e-4);
    if (labels) expect(Object.values(found[i]?.labels ?? {})).toEqual(labels);
  }
});

const minilm = path.join(bundledModels, 'all-MiniLM-L6-v2');
it.skipIf(!python || !existsSync(minilm))(
  'MiniLM, with a new classifier, computes in transformers what it does here',
  { timeout: 300_000 },
  async () => {
    const labels = ['ham', 'spam', 'neither'];
    const loaded = await loadTextModel(minilm, { head: 'sequence-classification', classes: 3, labels, seed: 5 });
    expect(loaded.keepsHead).toBe(false);
    const width = 24;
    // [CLS] words [SEP], padded to 24
    const lengths = [24, 7, 15];
    const ids = lengths.flatMap((n, t) =>
      Array.from({ length: width }, (_, i) => (i === 0 ? 101 : i === n - 1 ? 102 : i < n ? 2000 + ((977 * i + 5003 * t) % 25000) : 0)),
    );
    const mask = lengths.flatMap((n) => Array.from({ length: width }, (_, i) => Number(i < n)));
    const inputs = { input_ids: integers([3, width], ids), attention_mask: integers([3, width], mask) };
    const logits = await logitsOfText(await engine(), loaded, inputs);
    const [found] = inTransformers([{ folder: await saved(loaded, 'minilm', labels), inputs }]);
    expect(distance(logits, found?.logits ?? [])).toBeLessThan(1e-4);
    expect(Math.max(...logits) - Math.min(...logits)).toBeGreaterThan(1e-3);
  },
);

const stories = path.resolve(root, '../shared/real/stories260K');
it.skipIf(!existsSync(stories))('a Llama that was trained on stories tells one', { timeout: 120_000 }, async () => {
  const to = path.join(folder, 'stories260K');
  const [checkpoint, pieces] = [path.join(stories, 'stories260K.bin'), path.join(stories, 'tok512.bin')];
  execFileSync(process.execPath, [path.join(root, 'scripts/llama2c.mjs'), checkpoint, to, pieces]);
  const head: TextHead = 'causal-lm';
  const loaded = await loadTextModel(to, { head, seed: 0 });
  const [length, { vocabulary }] = [48, loaded.model.input];
  const inputsOf = (ids: readonly number[]) => ({
    input_ids: integers(
      [1, length],
      Array.from({ length }, (_, i) => ids[i] ?? 0),
    ),
    attention_mask: integers(
      [1, length],
      Array.from({ length }, (_, i) => Number(i < ids.length)),
    ),
  });
  const program = await answering(await engine(), loaded, inputsOf([]));
  const ids = [1];
  while (ids.length < length) {
    const logits = (await program.logits(inputsOf(ids))).subarray((ids.length - 1) * vocabulary, ids.length * vocabulary);
    ids.push(logits.indexOf(Math.max(...logits)));
  }
  await program.dispose();
  const tokenizer = await TextTokenizer.open(to);
  const story = tokenizer.decode(ids);
  expect(story).toMatch(/^Once upon a time, there was a little (girl|boy) named \w+\. \w+/);
  expect(tokenizer.encode(story).ids).toEqual(ids);
  if (python) {
    const [found] = inTransformers([{ folder: to, inputs: inputsOf(ids) }]);
    expect(distance(await logitsOfText(await engine(), loaded, inputsOf(ids)), found?.logits ?? [])).toBeLessThan(1e-4);
  }
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { buildTextModel, type TextHead } from '../../../src/core/models/text';
import { bucketOf } from '../../../src/core/models/text/t5Positions';
import { layerTree, namesRead, tensorsOf } from '../../../src/core/nn';
import { type LoadedTextModel, loadTextModel, readSafetensors, saveTextModel, writeSafetensors } from '../../../src/core/weights';
import { failureOf } from '../../failures';
import { engine, integers } from '../engine/helpers';
import { distance } from './compute';
import { headOf } from './families';
import { caseFolder, cases, expectedOf } from './family';
import { logitsOfText } from './textCompute';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-text-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = (name: string) => JSON.parse(readFileSync(path.join(caseFolder(name, folder), 'config.json'), 'utf8'));
const texts = cases.filter((name) => 'input_ids' in expectedOf(name).inputs);

/** Logits of one text, in inference mode. */
async function logitsOf(loaded: LoadedTextModel, ids: number[], mask?: number[]): Promise<Float32Array> {
  const written = [0, 7, 9];
  return logitsOfText(await engine(), loaded, {
    input_ids: integers([1, ids.length], ids),
    ...(mask && { attention_mask: integers([1, mask.length], mask) }),
    ...(loaded.model.kind === 'text-to-text' && { decoder_input_ids: integers([1, written.length], written) }),
  });
}

describe('padding changes nothing', () => {
  const ids = [5, 9, 31, 17];
  it.each(texts)('of what %s says of a text', async (name) => {
    const loaded = await loadTextModel(caseFolder(name, folder), { head: headOf(settings(name).architectures[0]), seed: 0 });
    const { kind, classes, input } = loaded.model;
    const pad = (n: number) => Array<number>(n).fill(input.padding % input.vocabulary);
    const zeros = [0, 0, 0];
    const [plain, right, left] = [
      await logitsOf(loaded, ids),
      await logitsOf(loaded, [...ids, ...pad(3)], [1, 1, 1, 1, ...zeros]),
      await logitsOf(loaded, [...pad(3), ...ids], [...zeros, 1, 1, 1, 1]),
    ];
    const isWhole = kind === 'sequence-classification' || kind === 'text-to-text';
    expect(distance(isWhole ? right : right.slice(0, 4 * classes), plain)).toBeLessThan(1e-4);
    const takesLeft = /^(gpt2|llama|qwen2|t5)/.test(name); // to the others, padding is always on the right
    if (takesLeft) expect(distance(isWhole ? left : left.slice(3 * classes), plain)).toBeLessThan(1e-4);
  });
});

describe('a model of a folder', () => {
  it.each(texts)('%s is what was saved', async (name) => {
    const from = caseFolder(name, folder);
    const head = headOf(settings(name).architectures[0]);
    const { model, tensors, labels, keepsHead } = await loadTextModel(from, { head, seed: 0 });
    expect(keepsHead).toBe(true);
    const to = path.join(folder, `${name}-saved`);
    await saveTextModel(to, { model, tensors, labels: labels ?? [], card: '# A model' });
    const again = await loadTextModel(to, { head, seed: 1 });
    expect([...again.tensors]).toEqual([...tensors]);
    expect(again.labels).toEqual(head === 'sequence-classification' ? labels : null);
    const read = await readSafetensors(path.join(to, 'model.safetensors'));
    expect([...read.keys()].sort()).toEqual([...tensorsOf(model.root)].map((tensor) => tensor.name).sort());
  });

  it.each(texts)('%s: its chain reads all of its tensors, and the tree counts them', (name) => {
    const { root, chain, blocks } = buildTextModel(settings(name), { head: headOf(settings(name).architectures[0]) });
    const own = [...tensorsOf(root)].map((tensor) => tensor.name);
    expect([...namesRead(chain)].sort()).toEqual(own.sort());
    expect(layerTree(root, [7]).parameters).toBe(expectedOf(name).parameters);
    for (const block of blocks) expect(chain.some((module) => module.path === block)).toBe(true);
  });

  it.each(['bert', 'distilbert', 'roberta', 'gpt2_classifier', 'llama_classifier'])(
    '%s takes a new head for other classes',
    async (name) => {
      const from = caseFolder(name, folder);
      const head = 'sequence-classification' as const;
      const own = await loadTextModel(from, { head, seed: 0, classes: 3, labels: ['ant', 'bee', 'wasp'] });
      const other = await loadTextModel(from, { head, seed: 0, classes: 5, labels: ['a', 'b', 'c', 'd', 'e'] });
      const renamed = await loadTextModel(from, { head, seed: 0, classes: 3, labels: ['a', 'b', 'c'] });
      const isHead = (tensor: string) => tensor.startsWith(`${own.model.head}.`);
      expect([own.keepsHead, other.keepsHead, renamed.keepsHead]).toEqual([true, false, false]);
      for (const [tensor, value] of own.tensors) {
        if (!isHead(tensor)) expect(other.tensors.get(tensor)).toEqual(value);
        if (isHead(tensor)) expect(renamed.tensors.get(tensor)).not.toEqual(value);
      }
      expect(other.model.classes).toBe(5);
    },
  );

  it.each([
    ['bert_masked', 'sequence-classification', ['bert.pooler.dense.weight', 'classifier.weight']],
    ['distilbert_masked', 'sequence-classification', ['pre_classifier.weight', 'classifier.weight']],
    ['roberta_masked', 'sequence-classification', ['classifier.dense.weight', 'classifier.out_proj.weight']],
    ['gpt2', 'sequence-classification', ['score.weight']],
    ['llama', 'sequence-classification', ['score.weight']],
    ['bert', 'masked-lm', ['cls.predictions.transform.dense.weight']],
  ] as const)('%s has a body for %s: the rest is drawn from the seed', async (name, head: TextHead, drawn) => {
    const load = (seed: number) => loadTextModel(caseFolder(name, folder), { head, seed });
    const [a, b, c] = [await load(1), await load(1), await load(2)];
    expect(a.keepsHead).toBe(false);
    expect([...a.tensors]).toEqual([...b.tensors]);
    for (const tensor of drawn) expect(a.tensors.get(tensor)).not.toEqual(c.tensors.get(tensor));
  });

  it('has other names for what it holds: without the prefix, and as TensorFlow called norms', async () => {
    const from = caseFolder('bert', folder);
    const file = path.join(from, 'model.safetensors');
    const tensors = await readSafetensors(file);
    const old = (name: string) =>
      name
        .replace(/^bert\./, '')
        .replace('LayerNorm.weight', 'LayerNorm.gamma')
        .replace('LayerNorm.bias', 'LayerNorm.beta');
    await writeSafetensors(file, new Map([...tensors].map(([name, tensor]) => [old(name), tensor])), {});
    const loaded = await loadTextModel(from, { head: 'sequence-classification', seed: 0 });
    expect(loaded.tensors).toEqual(tensors);
  });

  it('is refused with a reason', async () => {
    const change = async (name: string, tensors: 'less' | 'more' | 'none', config: Record<string, unknown> = {}) => {
      const [own, from] = [settings(name), caseFolder(name, folder)];
      writeFileSync(path.join(from, 'config.json'), JSON.stringify({ ...own, ...config }));
      const file = path.join(from, 'model.safetensors');
      const all = [...(await readSafetensors(file))];
      const kept =
        tensors === 'less' ? all.slice(1) : tensors === 'more' ? [...all, ['extra.weight', (all[0] as (typeof all)[0])[1]] as const] : all;
      await writeSafetensors(file, new Map(kept), {});
      return loadTextModel(from, { head: headOf(own.architectures[0]), seed: 0 });
    };
    const codeOf = async (work: Promise<unknown>) => (await failureOf(work)).code;
    expect(await codeOf(change('bert', 'less'))).toBe('model.corrupt');
    expect(await codeOf(change('gpt2', 'more'))).toBe('model.unsupported');
    expect(await codeOf(change('llama', 'none', { rope_scaling: { type: 'yarn', factor: 4 }, rope_parameters: undefined }))).toBe(
      'model.unsupported',
    );
    expect(await codeOf(change('qwen2', 'none', { use_sliding_window: true }))).toBe('model.unsupported');
    expect(await codeOf(change('bert', 'none', { position_embedding_type: 'relative_key' }))).toBe('model.unsupported');
    expect(await codeOf(change('bert', 'none', { hidden_size: 'wide' }))).toBe('model.corrupt');
    expect(await codeOf(change('roberta', 'none', { intermediate_size: 41 }))).toBe('model.corrupt');
  });
});

describe("T5's buckets of distances", () => {
  it("are transformers' where the logarithm falls on a border", () => {
    const encoder = { count: 32, furthest: 128, bothWays: true };
    // T5Attention._relative_position_bucket of these
    const distances = [-128, -64, -32, -16, -15, -8, -7, 0, 1, 8, 11, 12, 16, 23, 32, 64, 91, 128];
    expect(distances.map((d) => bucketOf(d, encoder))).toEqual([15, 14, 12, 10, 9, 8, 7, 0, 17, 24, 24, 25, 26, 27, 28, 30, 31, 31]);
    expect(distances.map((d) => bucketOf(d, { ...encoder, bothWays: false }))).toEqual([
      31, 26, 21, 16, 15, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });

  it('rise with the distance and end', () => {
    const sizes = fc.record({ count: fc.integer({ min: 4, max: 64 }).map((n) => 2 * n), furthest: fc.integer({ min: 70, max: 300 }) });
    fc.assert(
      fc.property(sizes, fc.boolean(), fc.integer({ min: 0, max: 500 }), (size, bothWays, far) => {
        const [near, next] = [far, far + 1].map((d) => bucketOf(-d, { ...size, bothWays })) as [number, number];
        expect(next).toBeGreaterThanOrEqual(near);
        expect(next).toBeLessThan(bothWays ? size.count / 2 : size.count);
      }),
    );
  });
});

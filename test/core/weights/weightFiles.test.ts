import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TensorData } from '../../../src/core/engine/engine';
import { encodeSafetensors, loadModel, readSafetensors } from '../../../src/core/weights';
import { weightsIn } from '../../../src/core/weights/weightFiles';
import type { ThawError } from '../../../src/protocol/failure';
import { expected, fixtures } from '../models/fixtures';
import { encodeLegacyTorch } from './torchWriter';

const small = path.join(fixtures, 'mobilenetv2');
const options = { modelsFolder: path.join(os.tmpdir(), 'thaw-no-models'), seed: 0 };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-weights-'));
  copyFileSync(path.join(small, 'config.json'), path.join(folder, 'config.json'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const put = (name: string, content: Uint8Array | string) => writeFileSync(path.join(folder, name), content);
const failure = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: ThawError) => error.failure,
  );

/** The small model's tensors, dealt into as many parts. */
async function parts(count: number): Promise<Map<string, TensorData>[]> {
  const all = [...(await readSafetensors(path.join(small, 'model.safetensors')))];
  return Array.from({ length: count }, (_, k) => new Map(all.filter((_, i) => i % count === k)));
}

describe.each([
  ['safetensors', 'model', encodeSafetensors],
  ['bin', 'pytorch_model', encodeLegacyTorch],
] as const)('weights as .%s', (extension, stem, encode) => {
  it('load the same, whole and in shards', async () => {
    const whole = await loadModel(small, options);
    put(`${stem}.${extension}`, encode(await readSafetensors(path.join(small, 'model.safetensors'))));
    const one = await loadModel(folder, options);
    expect(one.tensors).toEqual(whole.tensors);
    rmSync(path.join(folder, `${stem}.${extension}`));

    const shards = await parts(3);
    const weight_map = Object.fromEntries(shards.flatMap((shard, k) => [...shard.keys()].map((name) => [name, `part-${k}.${extension}`])));
    for (const [k, shard] of shards.entries()) put(`part-${k}.${extension}`, encode(shard));
    put(`${stem}.${extension}.index.json`, JSON.stringify({ metadata: {}, weight_map }));
    const sharded = await loadModel(folder, options);
    expect(sharded.tensors).toEqual(whole.tensors);
    expect(sharded.facts.bytes).toBeGreaterThan(100_000);
    expect(sharded.sha256).not.toBe(one.sha256);

    rmSync(path.join(folder, `part-1.${extension}`));
    expect(await failure(loadModel(folder, options))).toMatchObject({
      code: 'model.missing',
      path: path.join(folder, `part-1.${extension}`),
    });
  });

  it('are corrupt where an index lies', async () => {
    const [half] = (await parts(2)) as [Map<string, TensorData>];
    put(`half.${extension}`, encode(half));
    const index = (weight_map: unknown) => put(`${stem}.${extension}.index.json`, JSON.stringify({ weight_map }));
    for (const lie of [{ absent: `half.${extension}` }, { x: '../config.json' }, { x: 3 }, null]) {
      index(lie);
      expect(await failure(loadModel(folder, options)), JSON.stringify(lie)).toMatchObject({ code: 'model.corrupt' });
    }
  });
});

it('one file of weights is enough, by any name, named itself or in a folder with nothing like it', async () => {
  const tensors = await readSafetensors(path.join(small, 'model.safetensors'));
  const whole = await loadModel(small, options);
  put('best.pth', encodeLegacyTorch(new Map([...tensors].map(([name, value]) => [`module.${name}`, value])))); // DataParallel’s names
  put('optimizer.pt', 'not weights');
  expect((await loadModel(folder, options)).tensors).toEqual(whole.tensors);
  put('other.safetensors', encodeSafetensors(tensors));
  expect(await failure(loadModel(folder, options))).toMatchObject({ code: 'model.missing' });
  for (const name of ['best.pth', 'other.safetensors']) {
    const file = path.join(folder, name);
    const loaded = await loadModel(file, options);
    expect(loaded.tensors).toEqual(whole.tensors);
    expect(loaded.facts).toMatchObject({ id: file, source: 'disk' });
  }
  rmSync(path.join(folder, 'config.json'));
  expect(await failure(loadModel(path.join(folder, 'best.pth'), options))).toMatchObject({ code: 'model.missing', path: folder });
});

it('PyTorch’s own files: names, types and shapes without the values, and of these only what is wanted', async () => {
  for (const kind of ['zip', 'legacy']) copyFileSync(path.join(fixtures, 'pickle', `state.${kind}.pt`), path.join(folder, `${kind}.bin`));
  const names = Object.keys(expected.pickle);
  const weight_map = Object.fromEntries(names.map((name, i) => [name, i % 2 ? 'zip.bin' : 'legacy.bin']));
  put('pytorch_model.bin.index.json', JSON.stringify({ weight_map }));
  const weights = await weightsIn(folder);
  const entries = await weights?.entries();
  expect(new Set(entries?.keys())).toEqual(new Set(names));
  for (const [name, { shape }] of Object.entries(expected.pickle)) expect(entries?.get(name)?.shape).toEqual(shape);
  const read = await weights?.read((name) => name === names[0] || name === names[1]);
  expect(new Set(read?.keys())).toEqual(new Set(names.slice(0, 2)));
  for (const name of names.slice(0, 2)) expect(read?.get(name)?.shape).toEqual(expected.pickle[name]?.shape);
});

import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeModel, listModels, loadModel } from '../../../../src/core/weights';
import { hubName, pull } from '../../../../src/core/weights/hub';
import { commit, goodToken } from './loopbackHub';
import { smallModel, world } from './world';

const w = world();
const small = smallModel();
const places = () => ({ modelsFolder: path.join(w.folder, 'bundled'), runsFolder: path.join(w.folder, 'runs') });
const failure = (work: Promise<unknown>) => work.catch((error) => error.failure);
const cwd = process.cwd();

beforeEach(() => {
  vi.stubEnv('HF_ENDPOINT', w.hub.endpoint);
  vi.stubEnv('HF_HUB_CACHE', path.join(w.folder, 'hub'));
  vi.stubEnv('HF_HUB_OFFLINE', undefined);
  vi.stubEnv('HF_TOKEN', undefined);
  w.hub.repos['org/small'] = { files: { ...small, 'pytorch_model.bin': Buffer.from('not this one') }, licence: 'apache-2.0' };
});
afterEach(() => {
  vi.unstubAllEnvs();
  process.chdir(cwd);
});

describe('a model of the hub', () => {
  it('is not asked for unless somebody says so', async () => {
    expect(await failure(describeModel('org/small', places()))).toMatchObject({
      code: 'model.missing',
      hint: expect.stringContaining('thaw pull org/small'),
    });
    expect(w.hub.seen).toEqual([]);
  });

  it('shows its layers before its weights are here, by the header alone', async () => {
    const { facts, model, labels } = await describeModel('org/small', { ...places(), hub: {} });
    const weights = small['model.safetensors'] as Buffer;
    expect(facts).toMatchObject({ source: 'hub', id: 'org/small', licence: 'Apache-2.0', family: 'mobilenetv2' });
    expect(facts.bytes).toBeGreaterThan(weights.length);
    expect(labels).not.toBeNull();
    const fetched = w.hub.asked('GET /store');
    expect(fetched.map(({ headers }) => headers.range)).toEqual([expect.stringMatching(/^bytes=0-\d+$/)]);
    expect(readdirSync(path.join(w.folder, 'hub/models--org--small/snapshots', commit))).toEqual(['config.json']);
    // Half a model is not a downloaded one.
    expect((await listModels(places())).filter(({ source }) => source === 'cached')).toEqual([]);
    expect(await failure(loadModel('org/small', { ...places(), hub: {}, seed: 0 }))).toMatchObject({ code: 'model.missing' });

    await pull(hubName('org/small'));
    const later = await describeModel('org/small', places());
    expect(later.model.config).toEqual(model.config);
    expect(later.facts).toMatchObject({ source: 'cached', bytes: weights.length, licence: 'Apache-2.0', parameters: facts.parameters });
    expect((await listModels(places())).find(({ source }) => source === 'cached')).toEqual(later.facts);
    const loaded = await loadModel('org/small', { ...places(), seed: 0 });
    expect(loaded.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('a header longer than what is asked for first, a hub without ranges, and a header that lies', async () => {
    const names = Object.fromEntries(Array.from({ length: 4000 }, (_, i) => [`note${i}`, 'x'.repeat(40)]));
    const plain = small['model.safetensors'] as Buffer;
    const length = Number(plain.readBigUInt64LE());
    const header = JSON.parse(plain.toString('utf8', 8, 8 + length));
    const json = Buffer.from(JSON.stringify({ ...header, __metadata__: names }));
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(json.length));
    const long = Buffer.concat([prefix, json, plain.subarray(8 + length)]);
    const look = (bytes: Buffer) => {
      w.hub.repos['org/small'] = { files: { ...small, 'model.safetensors': bytes } };
      rmSync(path.join(w.folder, 'hub'), { recursive: true, force: true });
      return describeModel('org/small', { ...places(), hub: {} });
    };
    expect((await look(long)).facts.parameters).toBeGreaterThan(1000);
    expect(w.hub.asked('GET /store').length).toBe(2);
    w.hub.next('GET /store', { noRange: true });
    expect((await look(plain)).facts.parameters).toBeGreaterThan(1000);
    const lying = Buffer.from(plain);
    lying.writeBigUInt64LE(2n ** 40n);
    expect(await failure(look(lying))).toMatchObject({ code: 'model.corrupt' });
  });

  it('goes by the token it is given', async () => {
    w.hub.repos['org/small'] = { files: small, gated: true };
    expect(await failure(describeModel('org/small', { ...places(), hub: {} }))).toMatchObject({ code: 'hub.denied' });
    expect((await describeModel('org/small', { ...places(), hub: { token: goodToken } })).facts.source).toBe('hub');
  });

  it('says when only the weights themselves would tell', async () => {
    const { 'model.safetensors': _, ...rest } = small;
    w.hub.repos['org/small'] = { files: rest };
    expect(await failure(describeModel('org/small', { ...places(), hub: {} }))).toMatchObject({
      code: 'model.unsupported',
      hint: expect.stringContaining('thaw pull'),
    });
  });
});

it('a name means a folder before a run, a run before a bundled model, that before the cache, that before the hub', async () => {
  const model = path.join(path.dirname(__dirname), '../../fixtures/models/mobilenetv2');
  const work = path.join(w.folder, 'work');
  mkdirSync(work);
  process.chdir(work);
  w.hub.repos.m = { files: small };
  const source = async () => (await describeModel('m', { ...places(), hub: {} })).facts.source;
  expect(await source()).toBe('hub');
  await pull(hubName('m'));
  expect(await source()).toBe('cached');
  cpSync(model, path.join(places().modelsFolder, 'm'), { recursive: true });
  expect(await source()).toBe('bundled');
  cpSync(model, path.join(places().runsFolder, 'm/model'), { recursive: true });
  expect(await source()).toBe('run');
  mkdirSync(path.join(work, 'm')); // a folder that holds no model stands in nobody's way
  expect(await source()).toBe('run');
  cpSync(model, path.join(work, 'm'), { recursive: true });
  expect(await source()).toBe('disk');
});

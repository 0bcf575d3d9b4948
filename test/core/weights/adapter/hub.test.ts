import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { adapterBase, describeTextById, exactId, listModels, loadTextById } from '../../../../src/core/weights';
import { hubName, pull } from '../../../../src/core/weights/hub';
import { failureOf } from '../../../failures';
import { commit } from '../hub/loopbackHub';
import { world } from '../hub/world';
import { adapterFolder, loadAny } from './adapters';

const w = world();
const places = () => ({ modelsFolder: path.join(w.folder, 'bundled'), runsFolder: path.join(w.folder, 'runs') });
const filesOf = (folder: string) => Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]));

let local: string;
beforeEach(() => {
  vi.stubEnv('HF_ENDPOINT', w.hub.endpoint);
  vi.stubEnv('HF_HUB_CACHE', path.join(w.folder, 'hub'));
  vi.stubEnv('HF_HUB_OFFLINE', undefined);
  vi.stubEnv('HF_TOKEN', undefined);
  const here = path.join(w.folder, 'here');
  mkdirSync(here);
  local = adapterFolder('bert', here);
  const files = filesOf(local);
  const config = JSON.parse(String(files['adapter_config.json']));
  const onHub = { ...config, base_model_name_or_path: 'org/base' };
  w.hub.repos['org/base'] = { files: filesOf(path.join(here, 'bert')) };
  w.hub.repos['org/adapter'] = { files: { ...files, 'adapter_config.json': Buffer.from(JSON.stringify(onHub)) } };
});
afterEach(() => vi.unstubAllEnvs());

describe('an adapter of the hub', () => {
  it('is fetched like a model, asks for its base, and is one with it', async () => {
    expect(await failureOf(describeTextById('org/adapter', { ...places(), hub: {} }))).toMatchObject({
      code: 'model.missing',
      message: expect.stringContaining('is an adapter'),
      hint: expect.stringContaining('thaw pull org/adapter'),
    });
    const { folder } = await pull(hubName('org/adapter'));
    expect(readdirSync(folder).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    expect(await failureOf(describeTextById('org/adapter', places()))).toMatchObject({
      code: 'model.missing',
      message: expect.stringContaining('org/base'),
      hint: expect.stringContaining('thaw pull org/base'),
    });
    expect((await describeTextById('org/adapter', { ...places(), hub: {} }))?.facts).toMatchObject({ source: 'hub', id: 'org/adapter' });

    await pull(hubName('org/base'));
    const loaded = await loadTextById('org/adapter', { ...places(), seed: 0 });
    expect([...(loaded?.tensors ?? [])]).toEqual([...(await loadAny(local)).tensors]);
    expect(await exactId('org/adapter', places())).toBe(`org/adapter@${commit}`);
    expect((await listModels(places())).filter(({ source }) => source === 'cached').map(({ id }) => id)).toEqual([
      'org/adapter',
      'org/base',
    ]);
  });

  it('names the commit of a base of the hub, and the folder of one that is here', async () => {
    await pull(hubName('org/base'));
    expect(await adapterBase('org/base', places())).toEqual({ name: 'org/base', revision: commit });
    expect(await adapterBase(path.join(w.folder, 'here/bert'), places())).toEqual({
      name: path.join(w.folder, 'here/bert'),
      revision: null,
    });
    expect(await adapterBase('convnet_small', places())).toBeNull();
    expect(await adapterBase(local, places())).toBeNull(); // that base with that adapter in it has no name
    expect(await adapterBase(local, places(), true)).toEqual({ name: path.join(w.folder, 'here/bert'), revision: null });
    const file = path.join(local, 'adapter_config.json');
    const revised = { ...JSON.parse(readFileSync(file, 'utf8')), base_model_name_or_path: 'org/base', revision: commit };
    writeFileSync(file, JSON.stringify(revised));
    expect((await loadAny(local)).tensors.size).toBeGreaterThan(0);
    writeFileSync(file, JSON.stringify({ ...revised, revision: 'another' }));
    expect(await failureOf(loadAny(local))).toMatchObject({ code: 'model.missing' });
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { homedir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hubName, hubNameText, hubSettings, parseHubName, pull } from '../../../../src/core/weights/hub';
import { smallModel, world } from './world';

afterEach(() => vi.unstubAllEnvs());
const w = world();

/** None of the variables that this machine may have set. */
function only(env: Record<string, string>): ReturnType<typeof hubSettings> {
  for (const name of ['HF_ENDPOINT', 'HF_HOME', 'HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'XDG_CACHE_HOME', 'HF_TOKEN', 'HF_TOKEN_PATH'])
    vi.stubEnv(name, undefined);
  for (const name of ['HUGGING_FACE_HUB_TOKEN', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE', 'HF_HUB_DISABLE_IMPLICIT_TOKEN'])
    vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return hubSettings();
}

describe('settings', () => {
  it('are those of Hugging Face’s tools', () => {
    expect(only({ HOME: homedir() })).toMatchObject({ cache: path.join(homedir(), '.cache/huggingface/hub'), offline: false });
    expect(only({ HF_HOME: w.folder }).cache).toBe(path.join(w.folder, 'hub'));
    expect(only({ HF_HOME: w.folder, HF_HUB_CACHE: '~/there' }).cache).toBe(path.join(homedir(), 'there'));
    expect(only({ HF_ENDPOINT: 'http://mirror:8000/hf/' }).endpoint).toBe('http://mirror:8000/hf');
    for (const on of ['1', 'true', 'YES', 'on']) expect(only({ HF_HUB_OFFLINE: on }).offline).toBe(true);
    for (const off of ['0', '', 'no']) expect(only({ HF_HUB_OFFLINE: off }).offline).toBe(false);
  });

  it('take the token of the environment, else the one that “hf auth login” left', () => {
    mkdirSync(path.join(w.folder, 'home'));
    writeFileSync(path.join(w.folder, 'home/token'), 'hf_file\n');
    const HF_HOME = path.join(w.folder, 'home');
    expect(only({ HF_HOME }).token).toBe('hf_file');
    expect(only({ HF_HOME, HF_TOKEN: 'hf_env' }).token).toBe('hf_env');
    expect(only({ HF_HOME, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }).token).toBeUndefined();
    expect(only({ HF_HOME: w.folder }).token).toBeUndefined();
  });
});

describe('names', () => {
  it('are read back as they are written', () => {
    for (const text of ['gpt2', 'org/name', 'org/name@v1.0', 'org/name@refs/pr/1', 'a.b/c_d-e@0123456789abcdef0123456789abcdef01234567'])
      expect(hubNameText(hubName(text))).toBe(text);
    expect(hubNameText(hubName('org/name@main'))).toBe('org/name');
  });

  it('never lead out of the cache', () => {
    for (const text of [
      '',
      '.',
      '..',
      'a/..',
      '../a',
      'a/b/c',
      '/a',
      'a--b/c',
      'a/b@',
      'a/b@..',
      'a/b@x/../y',
      'a/b@/x',
      'a\\b',
      'a/b.git',
      'a b',
    ])
      expect(parseHubName(text), text).toBeNull();
    const texts = fc.string({ unit: fc.constantFrom(...'ab./\\@-~:%\0'), maxLength: 12 });
    fc.assert(
      fc.property(texts, (text) => {
        const name = parseHubName(text);
        if (!name) return;
        const parts = [...name.repo.split('/'), ...name.revision.split('/')];
        for (const part of parts) expect(path.dirname(path.join('/cache', part))).toBe('/cache'); // one step down
        expect(name.repo.split('/').length).toBeLessThanOrEqual(2);
      }),
      { numRuns: 2000 },
    );
  });
});

it('goes by the proxy of the environment, except where NO_PROXY says otherwise', async () => {
  w.hub.repos['org/small'] = { files: smallModel() };
  const tunnels: string[] = [];
  const target = new URL(w.hub.endpoint);
  // Whatever is asked for leads to the hub on loopback; the store, on loopback too, is excepted.
  const proxy = createServer().on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    const there = connect(Number(target.port), target.hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      there.pipe(socket).pipe(there);
    });
    for (const end of [there, socket]) end.on('error', () => end.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('http_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  vi.stubEnv('no_proxy', '127.0.0.1');
  try {
    const { fetched } = await pull(hubName('org/small'), { settings: w.settings({ endpoint: 'http://hub.invalid' }) });
    expect(fetched).toBeGreaterThan(100_000);
    expect(tunnels.length).toBeGreaterThan(0);
    expect(new Set(tunnels)).toEqual(new Set(['hub.invalid:80']));
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

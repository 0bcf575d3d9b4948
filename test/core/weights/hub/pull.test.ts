import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cachedModels, findModel, hubName, type PullOptions, pull } from '../../../../src/core/weights/hub';
import { ThawError } from '../../../../src/protocol/failure';
import { failureOf } from '../../../failures';
import { commit, gitHash, goodToken, sha256 } from './loopbackHub';
import { smallModel, world } from './world';

const w = world();
const name = hubName('org/small');
const small = smallModel();
const weights = small['model.safetensors'] as Buffer;
const blobs = () => path.join(w.folder, 'hub/models--org--small/blobs');
const part = () => path.join(blobs(), `${sha256(weights)}.incomplete`);
const get = (options: PullOptions = {}) => pull(name, { settings: w.settings(), ...options });

describe('pull', () => {
  it('lays out what is needed, and no more, as Hugging Face’s tools do', async () => {
    w.hub.repos['org/small'] = { files: small, licence: 'apache-2.0' };
    const progress: number[] = [];
    const { folder, fetched } = await get({ onProgress: ({ done }) => progress.push(done) });
    const cache = path.join(w.folder, 'hub/models--org--small');
    expect(folder).toBe(path.join(cache, 'snapshots', commit));
    expect(readFileSync(path.join(cache, 'refs/main'), 'utf8')).toBe(commit);
    expect(readdirSync(folder).sort()).toEqual(['README.md', 'config.json', 'model.safetensors']);
    const names = [gitHash(small['README.md'] as Buffer), gitHash(small['config.json'] as Buffer), sha256(weights)];
    expect(readdirSync(blobs()).sort()).toEqual(names.sort());
    const link = path.join(folder, 'model.safetensors');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readlinkSync(link)).toBe(path.join('..', '..', 'blobs', sha256(weights)));
    expect(readFileSync(link).equals(weights)).toBe(true);
    expect(progress.at(-1)).toBe(fetched);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(await cachedModels(path.join(w.folder, 'hub'))).toEqual([name]);
  });

  it('fetches nothing twice, and offline asks nothing', async () => {
    w.hub.repos['org/small'] = { files: small };
    const { folder } = await get();
    const before = w.hub.asked('GET').length;
    expect(await get()).toMatchObject({ folder, fetched: 0 });
    expect(w.hub.asked('GET').length).toBe(before + 1); // what the branch is at now
    const seen = w.hub.seen.length;
    expect((await get({ settings: w.settings({ offline: true }) })).folder).toBe(folder);
    expect(w.hub.seen.length).toBe(seen);
  });

  it('reads what other tools left in the cache, and fetches only the rest', async () => {
    w.hub.repos['org/small'] = { files: small };
    mkdirSync(blobs(), { recursive: true });
    writeFileSync(path.join(blobs(), sha256(weights)), weights);
    await get();
    expect(w.hub.asked('GET').filter(({ server }) => server === 'store')).toEqual([]);
    expect(await findModel(path.join(w.folder, 'hub'), name)).not.toBeNull();
  });

  it('resolves branches with slashes, commits and models that were renamed', async () => {
    const other = 'b'.repeat(40);
    w.hub.repos['org/small'] = { files: small, refs: { 'refs/pr/1': other } };
    w.hub.renamed.old = 'org/small';
    const settings = w.settings();
    expect((await pull(hubName('org/small@refs/pr/1'), { settings })).commit).toBe(other);
    expect((await pull(hubName(`org/small@${other}`), { settings })).commit).toBe(other);
    expect((await pull(hubName('old'), { settings })).folder).toContain('models--old');
    const found = await cachedModels(settings.cache);
    expect(found.map(({ repo, revision }) => `${repo}@${revision}`)).toEqual(['old@main', 'org/small@refs/pr/1']);
  });

  it('takes shards by their index, and PyTorch’s file only where there is no safetensors', async () => {
    const index = Buffer.from(JSON.stringify({ weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' } }));
    const config = small['config.json'] as Buffer;
    const shards = { 'model-1.safetensors': Buffer.from('one'), 'model-2.safetensors': Buffer.from('two'), 'model-3.safetensors': weights };
    w.hub.repos['org/small'] = { files: { 'config.json': config, 'model.safetensors.index.json': index, ...shards } };
    w.hub.repos['org/torch'] = { files: { 'config.json': config, 'pytorch_model.bin': Buffer.from('x') } };
    const { folder } = await get();
    expect(readdirSync(folder).sort()).toEqual([
      'config.json',
      'model-1.safetensors',
      'model-2.safetensors',
      'model.safetensors.index.json',
    ]);
    const torch = await pull(hubName('org/torch'), { settings: w.settings() });
    expect(readdirSync(torch.folder).sort()).toEqual(['config.json', 'pytorch_model.bin']);
  });

  it('refuses an index that points out of the folder', async () => {
    const index = Buffer.from(JSON.stringify({ weight_map: { a: '../../refs/main' } }));
    w.hub.repos['org/small'] = { files: { 'config.json': Buffer.from('{}'), 'model.safetensors.index.json': index } };
    expect((await failureOf(get())).detail).toContain('../../refs/main');
  });

  it('tells its token to the hub alone', async () => {
    w.hub.repos['org/small'] = { files: small, private: true };
    await get({ settings: w.settings({ token: goodToken }) });
    for (const { server, headers } of w.hub.seen) expect(headers.authorization).toBe(server === 'hub' ? `Bearer ${goodToken}` : undefined);
    expect(w.hub.seen.some(({ server }) => server === 'store')).toBe(true);
  });
});

describe('a disturbed way', () => {
  it('resumes where the connection was cut', async () => {
    w.hub.repos['org/small'] = { files: small };
    w.hub.next('GET /store/org/small/-/model.safetensors', { cutAfter: 50_000 }, { cutAfter: 1000 });
    const { folder } = await get();
    expect(readFileSync(path.join(folder, 'model.safetensors')).equals(weights)).toBe(true);
    const ranges = w.hub.asked('GET /store').map(({ headers }) => headers.range);
    expect(ranges).toEqual([undefined, 'bytes=50000-', 'bytes=51000-']);
  });

  it('resumes what an earlier download left, and begins anew where that was damaged', async () => {
    w.hub.repos['org/small'] = { files: small };
    mkdirSync(blobs(), { recursive: true });
    writeFileSync(part(), weights.subarray(0, 70_000));
    await get();
    expect(w.hub.asked('GET /store').map(({ headers }) => headers.range)).toEqual(['bytes=70000-']);
    w.hub.seen.length = 0;
    const other = path.join(w.folder, 'other');
    mkdirSync(path.join(other, 'models--org--small/blobs'), { recursive: true });
    writeFileSync(path.join(other, 'models--org--small/blobs', `${sha256(weights)}.incomplete`), Buffer.alloc(70_000, 1));
    const { folder } = await get({ settings: w.settings({ cache: other }) });
    expect(readFileSync(path.join(folder, 'model.safetensors')).equals(weights)).toBe(true);
    expect(w.hub.asked('GET /store').map(({ headers }) => headers.range)).toEqual(['bytes=70000-', undefined]);
  });

  it('begins anew where ranges are not served', async () => {
    w.hub.repos['org/small'] = { files: small };
    w.hub.next('GET /store', { cutAfter: 50_000 }, { noRange: true });
    expect(readFileSync(path.join((await get()).folder, 'model.safetensors')).equals(weights)).toBe(true);
    w.hub.seen.length = 0;
    // A server that says 416 though there is more.
    mkdirSync(path.join(w.folder, 'b/models--org--small/blobs'), { recursive: true });
    writeFileSync(path.join(w.folder, 'b/models--org--small/blobs', `${sha256(weights)}.incomplete`), weights.subarray(0, 10));
    w.hub.next('GET /store', { status: 416 });
    const { folder } = await get({ settings: w.settings({ cache: path.join(w.folder, 'b') }) });
    expect(readFileSync(path.join(folder, 'model.safetensors')).equals(weights)).toBe(true);
  });

  it('waits as long as it is asked to, and says so; too long a wait is a failure', async () => {
    w.hub.repos['org/small'] = { files: small };
    w.hub.next('GET /org/small/resolve', { status: 429, headers: { 'retry-after': '0.05' } });
    w.hub.next('/api/models', { status: 429, headers: { ratelimit: '"api";r=0;t=0' } }, { status: 503 });
    const waits: number[] = [];
    await get({ onProgress: ({ waiting }) => waiting !== undefined && waits.push(waiting) });
    expect(waits).toContain(0.05);
    expect(waits.length).toBe(3);
    w.hub.next('/api/models', { status: 429, headers: { 'retry-after': '300' } });
    expect(await failureOf(get())).toMatchObject({ code: 'hub.limited', message: expect.stringContaining('300') });
  });

  it('gives up after some cuts without a byte, and keeps what it has', async () => {
    w.hub.repos['org/small'] = { files: small };
    w.hub.next('GET /store', { cutAfter: 30_000 }, ...Array.from({ length: 4 }, () => ({ cutAfter: 0 })));
    expect(await failureOf(get())).toMatchObject({ code: 'hub.unreachable' });
    expect(readFileSync(part()).equals(weights.subarray(0, 30_000))).toBe(true);
    await get();
    expect(w.hub.asked('GET /store').at(-1)?.headers.range).toBe('bytes=30000-');
  });

  it('notices a hub that falls silent', async () => {
    w.hub.repos['org/small'] = { files: small };
    w.hub.next('/api/models', { hang: true });
    const patience = { attempts: 2, firstWaitMs: 1, longestWaitMs: 100, silenceMs: 300 };
    await get({ settings: w.settings({ patience }) });
    expect(w.hub.asked('/api/models').length).toBe(2);
  });

  it('stops when it is told to, and goes on later', async () => {
    w.hub.repos['org/small'] = { files: small };
    w.hub.next('GET /store', { cutAfter: 40_000 }, { hang: true });
    const stop = new AbortController();
    const reason = new ThawError('interrupted', 'Cancelled.', '-');
    const work = get({ signal: stop.signal, onProgress: ({ waiting }) => waiting !== undefined && stop.abort(reason) });
    expect(await failureOf(work)).toMatchObject({ code: 'interrupted' });
    expect(existsSync(part())).toBe(true);
    expect(readdirSync(blobs()).filter((file) => file.endsWith('.lock'))).toEqual([]);
    expect(await findModel(path.join(w.folder, 'hub'), name)).toBeNull();
  });

  it('two at once fetch each file once', async () => {
    w.hub.repos['org/small'] = { files: small };
    await Promise.all([get(), get()]);
    expect(w.hub.asked('GET /store').length).toBe(1);
  });
});

describe('what cannot be had', () => {
  it('wrong bytes: deleted, and named', async () => {
    w.hub.repos['org/small'] = { files: small };
    w.hub.next('GET /store', { garble: true });
    expect(await failureOf(get())).toMatchObject({ code: 'hub.corrupt', message: expect.stringContaining('model.safetensors') });
    expect(existsSync(part())).toBe(false);
    expect(existsSync(path.join(blobs(), sha256(weights)))).toBe(false);
    w.hub.next(`GET /org/small/resolve/${commit}/config.json`, { garble: true });
    const elsewhere = w.settings({ cache: path.join(w.folder, 'elsewhere') });
    expect(await failureOf(get({ settings: elsewhere }))).toMatchObject({ code: 'hub.corrupt' }); // a small file, by git's hash
  });

  it('a gated model, a private one, one that is not there, a wrong token: each its own message', async () => {
    w.hub.repos['org/small'] = { files: small, gated: true };
    w.hub.repos['org/secret'] = { files: small, private: true };
    const at = (id: string, token?: string) => failureOf(pull(hubName(id), { settings: w.settings({ token }) }));
    const found = {
      gated: await at('org/small'),
      secret: await at('org/secret'),
      absent: await at('org/absent'),
      absentForToken: await at('org/absent', goodToken),
      revision: await at('org/small@nowhere'),
      wrongToken: await at('org/small', 'hf_wrong'),
    };
    const codes = Object.fromEntries(Object.entries(found).map(([key, { code }]) => [key, code]));
    expect(codes).toEqual({
      gated: 'hub.denied',
      secret: 'hub.missing',
      absent: 'hub.missing',
      absentForToken: 'hub.missing',
      revision: 'hub.missing',
      wrongToken: 'hub.denied',
    });
    expect(found.gated.message).toContain('org/small must first accept');
    expect(found.absent.message).toContain('org/absent');
    expect(found.absent.hint).not.toBe(found.absentForToken.hint);
    expect(new Set(Object.values(found).map(({ message }) => message)).size).toBe(5); // secret and absent differ by name
    await pull(name, { settings: w.settings({ token: goodToken }) });
  });

  it('no network, and no leave to use it', async () => {
    await w.hub.stop();
    expect(await failureOf(get())).toMatchObject({ code: 'hub.unreachable', message: expect.stringContaining('nothing listens') });
    const settings = w.settings({ endpoint: 'http://hub.invalid' });
    expect(await failureOf(get({ settings }))).toMatchObject({ code: 'hub.unreachable', message: expect.stringContaining('hub.invalid') });
    const offline = await failureOf(get({ settings: w.settings({ offline: true }) }));
    expect(offline).toMatchObject({ code: 'hub.unreachable', message: expect.stringContaining('org/small') });
  });

  it('a disk that is too small, before the first byte', async () => {
    w.hub.repos['org/small'] = { files: small };
    w.hub.claimedSizes['model.safetensors'] = 2 ** 52;
    expect(await failureOf(get())).toMatchObject({ code: 'io.diskFull' });
    expect(w.hub.asked('GET /store')).toEqual([]);
  });

  it('a login page in place of the hub, and a repository that is no model', async () => {
    w.hub.next('/api/models', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' });
    expect(await failureOf(get())).toMatchObject({ code: 'hub.unreachable', message: expect.stringContaining('not a hub') });
    w.hub.repos['org/small'] = { files: { 'README.md': Buffer.from('x') } };
    expect(await failureOf(get())).toMatchObject({ code: 'model.unsupported', message: expect.stringContaining('config.json') });
    w.hub.repos['org/small'] = { files: { 'config.json': Buffer.from('{}'), 'model.onnx': Buffer.from('x') } };
    expect(await failureOf(get())).toMatchObject({ code: 'model.unsupported', message: expect.stringContaining('pytorch_model.bin') });
  });
});

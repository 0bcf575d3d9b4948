import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createEngine } from '../../../src/core/engine';
import { attempt } from '../../../src/core/engine/devices/attempt';
import { chooseDevice, type DeviceSearch, measureDevices } from '../../../src/core/engine/devices/choose';
import { DeviceFile } from '../../../src/core/engine/devices/memory';
import { small } from '../../../src/core/engine/devices/probe';
import { portable } from '../../../src/core/engine/onnx/graph';

const folder = mkdtempSync(path.join(tmpdir(), 'thaw-devices-'));
afterAll(() => rmSync(folder, { recursive: true }));
const actual = createRequire(__filename).resolve('onnxruntime-node');

/** onnxruntime as it is, but for what a session on "webgpu" does, which is up to `onDevice`; the processor is the slow one. */
function runtimeWhose(name: string, onDevice: string): string {
  const file = path.join(folder, `${name}.cjs`);
  writeFileSync(
    file,
    `const ort = require(${JSON.stringify(actual)});
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const create = (model, options) => ort.InferenceSession.create(model, { ...options, executionProviders: ['cpu'] });
    const onDevice = async (model, options) => { ${onDevice} };
    const onCpu = async (model, options) => {
      const session = await create(model, options);
      return { run: async (feeds) => { await wait(300); return session.run(feeds); } };
    };
    const isDevice = ({ executionProviders }) => executionProviders[0] === 'webgpu';
    module.exports = { ...ort, InferenceSession: { create: (model, options) => (isDevice(options) ? onDevice : onCpu)(model, options) } };`,
  );
  return file;
}

/** Every result times a factor. */
const scaled = (factor: string) => `
  const session = await create(model, options);
  return { run: async (feeds) => {
    const results = await session.run(feeds);
    for (const { data } of Object.values(results)) for (let i = 0; i < data.length; i++) data[i] *= ${factor};
    return results;
  } };`;

const searchIn = (runtime: string, limit = 30_000): DeviceSearch => ({
  runtime,
  devices: ['cpu', 'webgpu'],
  threads: 1,
  layout: portable,
  limit,
  timed: 100,
});
let count = 0;
const newMemory = () => new DeviceFile(path.join(folder, `memory-${count++}`, 'devices.json'));

describe('a device is not taken, and the warning says why,', () => {
  it.each([
    ['when it cannot be loaded', "throw new Error('no adapter was found\\n  at line 3')", /: no adapter was found$/],
    ['when it crashes', 'process.abort()', /SIGABRT|ended with/],
    ['when it ends without a word', 'process.exit(3)', /ended with 3/],
    ['when it computes otherwise', scaled('1.01'), /differ/],
    ['when it computes what is no number', scaled('NaN'), /differ/],
    ['when a step fails', "return { run: async () => { throw new Error('device lost'); } }", /device lost/],
  ])('%s', async (name, onDevice, why) => {
    const search = searchIn(runtimeWhose(name, onDevice));
    const { device, warnings } = await chooseDevice('webgpu', search, newMemory());
    expect(device).toBe('cpu');
    expect(warnings).toMatchObject([{ code: 'engine.fallback', message: expect.stringMatching(why) }]);
    expect(warnings[0]?.message).toContain('"webgpu"');
  });

  it('when it hangs', async () => {
    const search = searchIn(runtimeWhose('hangs', 'while (true);'), 4_000);
    const { device, warnings } = await chooseDevice('webgpu', search, newMemory());
    expect(device).toBe('cpu');
    expect(warnings[0]?.message).toContain('4 seconds');
  });

  it('when there is no build for it', async () => {
    const { device, warnings } = await chooseDevice('coreml', searchIn(actual), newMemory());
    expect(device).toBe('cpu');
    expect(warnings[0]?.message).toContain(process.platform);
  });
});

it('a device that agrees within a thousandth is taken', async () => {
  const search = searchIn(runtimeWhose('close', scaled('1.00002')));
  expect(await chooseDevice('webgpu', search, newMemory())).toEqual({ device: 'webgpu', warnings: [] });
});

it('auto takes the quickest that agrees, remembers it, and lets it go when it fails', async () => {
  const good = searchIn(runtimeWhose('quick', 'return create(model, options)'));
  const memory = newMemory();
  const facts = await measureDevices(good, memory);
  expect(facts.map(({ name, available }) => [name, available])).toEqual([
    ['cpu', true],
    ['webgpu', true],
  ]);
  expect(await chooseDevice('auto', good, memory)).toEqual({ device: 'webgpu', warnings: [] });
  const bad = { ...good, runtime: runtimeWhose('gone', 'process.abort()') };
  expect(await chooseDevice('auto', bad, memory)).toMatchObject({ device: 'cpu', warnings: [{ code: 'engine.fallback' }] });
  expect(await memory.quickest(good)).toBe(null);
  expect(await chooseDevice('auto', bad, memory)).toEqual({ device: 'cpu', warnings: [] });
  expect(await memory.quickest(good)).toBe('cpu');
});

it('a damaged memory is as good as none', async () => {
  const file = path.join(folder, 'damaged.json');
  const memory = new DeviceFile(file);
  const key = { devices: ['cpu' as const], threads: 1 };
  for (const text of ['{"', '[]', '{"a":"abacus"}']) {
    writeFileSync(file, text);
    expect(await memory.quickest(key)).toBe(null);
  }
  await memory.keep(key, 'cpu');
  expect(await memory.quickest(key)).toBe('cpu');
  expect(await memory.quickest({ ...key, threads: 2 })).toBe(null);
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')))).toHaveLength(1);
});

describe('the probe', () => {
  let losses: readonly number[] = [];
  beforeAll(async () => {
    const reply = await attempt({ device: 'cpu', runtime: actual, threads: 1, layout: portable, size: small, timed: 50, limit: 60_000 });
    expect(reply).toMatchObject({ ok: true, milliseconds: expect.any(Number) });
    if (reply.ok) losses = reply.losses;
  });
  it('learns', () => {
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0] as number);
  });
});

/** Vulkan as Chromium brings it along for computers without a graphics card, on Linux. */
const vulkan = ['/usr/lib/chromium', '/opt/google/chrome'].find((folder) => existsSync(path.join(folder, 'libvk_swiftshader.so')));
it.skipIf(!vulkan)('WebGPU, on a Vulkan made of software, computes what the processor does', async () => {
  const driver = path.join(folder, 'vulkan.json');
  const library_path = path.join(vulkan as string, 'libvk_swiftshader.so');
  writeFileSync(driver, JSON.stringify({ file_format_version: '1.0.0', ICD: { library_path, api_version: '1.0.5' } }));
  vi.stubEnv('VK_ICD_FILENAMES', driver);
  vi.stubEnv('LD_LIBRARY_PATH', vulkan as string);
  const choice = await chooseDevice('webgpu', searchIn(actual, 250_000), newMemory());
  vi.unstubAllEnvs();
  expect(choice).toEqual({ device: 'webgpu', warnings: [] });
});

it('an engine on a device that is not there computes on the processor and says so', async () => {
  const engine = await createEngine('onnx', { threads: 1, device: process.platform === 'darwin' ? 'directml' : 'coreml' });
  expect(engine.device).toBe('cpu');
  expect(engine.warnings).toMatchObject([{ code: 'engine.fallback' }]);
  await engine.dispose();
});

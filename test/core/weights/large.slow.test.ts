import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensorsHeader } from '../../../src/core/weights';
import { ThawError } from '../../../src/protocol/failure';
import { encodeLegacyTorch } from './torchWriter';

const root = path.resolve(__dirname, '../../..');
const gigabyte = 2 ** 30;
let folder: string;
let reader: string;
beforeAll(async () => {
  mkdirSync(path.join(root, 'test/.cache'), { recursive: true });
  folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-large-'));
  reader = path.join(folder, 'readAll.cjs');
  const entryPoints = [path.join(__dirname, 'readAll.ts')];
  await esbuild.build({ entryPoints, outfile: reader, bundle: true, platform: 'node', mainFields: ['module', 'main'] });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (): { held: number; growth: number; seconds: number } =>
  JSON.parse(execFileSync(process.execPath, [reader, folder], { encoding: 'utf8' }));

/** A file with a header and nothing but zeros behind it, which take no room on the disk. */
function sparse(name: string, dtype: string, width: number, bytes: number): void {
  const tensors = 16;
  const each = bytes / tensors;
  const entries = Array.from({ length: tensors }, (_, i) => [
    `layer.${i}`,
    { dtype, shape: [each / width / 1024, 1024], data_offsets: [i * each, (i + 1) * each] },
  ]);
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  writeFileSync(path.join(folder, name), Buffer.concat([length, json]));
  truncateSync(path.join(folder, name), 8 + json.length + bytes);
}

describe('a large file is held once', () => {
  it.each([
    ['float32', 'F32', 4, gigabyte, gigabyte],
    ['float16, which becomes float32', 'F16', 2, gigabyte / 2, gigabyte],
  ])('1 GB of %s', (_, dtype, width, bytes, held) => {
    sparse('model.safetensors', dtype, width, bytes);
    const { growth, ...found } = read();
    rmSync(path.join(folder, 'model.safetensors'));
    expect(found.held).toBe(held);
    expect(growth).toBeLessThan(1.15 * held);
  });

  it('256 MB of PyTorch’s own format', () => {
    const count = 2 ** 26;
    writeFileSync(
      path.join(folder, 'pytorch_model.bin'),
      encodeLegacyTorch(new Map([['w', { dtype: 'float32', shape: [count], data: new Float32Array(count) }]])),
    );
    const { held, growth } = read();
    expect(held).toBe(4 * count);
    expect(growth).toBeLessThan(1.25 * held);
  });
});

describe('a hostile header', () => {
  const failing = async (header: Buffer, claimed = header.length) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(claimed));
    const file = path.join(folder, 'hostile.safetensors');
    writeFileSync(file, Buffer.concat([length, header]));
    const start = performance.now();
    const before = process.memoryUsage().rss;
    const error = await readSafetensorsHeader(file).catch((thrown: unknown) => thrown);
    return { error, seconds: (performance.now() - start) / 1000, growth: process.memoryUsage().rss - before };
  };
  const many = (count: number, entry: (i: number) => string) =>
    Buffer.from(`{${Array.from({ length: count }, (_, i) => entry(i)).join()}}`);

  it.each([
    ['claims what no file has', Buffer.alloc(8), 2 ** 52],
    ['claims a hundred million bytes', Buffer.alloc(8), 100_000_000],
    ['opens brackets without end', Buffer.alloc(8_000_000, '['), undefined],
    ['opens objects without end', Buffer.from('{"a":'.repeat(1_000_000)), undefined],
    ['has a name of megabytes', Buffer.from(`{"${'x'.repeat(8_000_000)}":1}`), undefined],
    [
      'lists tensors of nothing, then lies',
      many(50_000, (i) => `"t${i}":{"dtype":"F32","shape":[${i ? 0 : 9}],"data_offsets":[0,0]}`),
      undefined,
    ],
    [
      'has shapes whose product is infinite',
      many(1000, (i) => `"t${i}":{"dtype":"F32","shape":[${'9007199254740991,'.repeat(31)}1],"data_offsets":[0,4]}`),
      undefined,
    ],
  ])('%s: refused in a moment, in little memory', async (_, header, claimed) => {
    const { error, seconds, growth } = await failing(header, claimed);
    expect(error).toBeInstanceOf(ThawError);
    expect((error as ThawError).failure.code).toBe('model.corrupt');
    expect(seconds).toBeLessThan(3);
    expect(growth).toBeLessThan(400e6);
  });
});

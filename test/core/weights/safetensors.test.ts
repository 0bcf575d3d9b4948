import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { TensorData } from '../../../src/core/engine/engine';
import { convert } from '../../../src/core/weights/elements';
import { encodeSafetensors, readSafetensors, writeSafetensors } from '../../../src/core/weights/safetensors';
import { type elementBytes, parseHeader, readSafetensorsHeader } from '../../../src/core/weights/safetensorsHeader';
import { ThawError } from '../../../src/protocol/failure';
import { failureOfFile } from '../../failures';

const codeOf = async (work: Promise<unknown>) => (await failureOfFile(work)).code;

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
function fileOf(bytes: Uint8Array): string {
  const file = path.join(folder, `${count++}.safetensors`);
  writeFileSync(file, bytes);
  return file;
}

/** A file with any header, the given bytes behind it. */
function fileWith(header: unknown, data: Uint8Array): string {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return fileOf(Buffer.concat([length, json, data]));
}

const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const tensor: fc.Arbitrary<TensorData> = fc.tuple(shape, fc.boolean(), fc.integer()).map(([sides, isFloat, seed]) => {
  const size = sides.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: size }, (_, i) => Math.imul(seed + i, 2654435761));
  return isFloat
    ? { dtype: 'float32', shape: sides, data: Float32Array.from(values, (v) => v / 7) }
    : { dtype: 'int32', shape: sides, data: Int32Array.from(values) };
});
const name = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text !== '__metadata__');
const tensors = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 5 }).map((pairs) => new Map(pairs));

describe('safetensors', () => {
  it('gives back what was written, whatever the names and shapes', async () => {
    await fc.assert(
      fc.asyncProperty(tensors, async (written) => {
        const file = fileOf(encodeSafetensors(written, { note: 'größe' }));
        const read = await readSafetensors(file);
        expect(read.size).toBe(written.size);
        for (const [key, value] of written) expect(read.get(key)).toEqual(value);
        expect((await readSafetensorsHeader(file)).metadata).toEqual({ note: 'größe' });
      }),
      { numRuns: 60 },
    );
  });

  it('writes to disk the bytes that it makes in memory', async () => {
    const written = new Map<string, TensorData>([
      ['b', { dtype: 'float32', shape: [2], data: new Float32Array([1, 2, 3]).subarray(1) }],
      ['a', { dtype: 'int32', shape: [], data: Int32Array.of(-5) }],
    ]);
    const file = path.join(folder, 'written.safetensors');
    await writeSafetensors(file, written);
    expect(await readSafetensors(file)).toEqual(await readSafetensors(fileOf(encodeSafetensors(written))));
    expect([...(await readSafetensors(file, (key) => key === 'a')).keys()]).toEqual(['a']);
  });

  it('never reads a damaged file as if it were whole', async () => {
    await fc.assert(
      fc.asyncProperty(tensors, fc.nat(), fc.integer({ min: 1, max: 255 }), async (written, at, flip) => {
        const bytes = encodeSafetensors(written);
        const cut = at % bytes.length;
        expect(await codeOf(readSafetensors(fileOf(bytes.subarray(0, cut))))).toBe('model.corrupt');
        const spoilt = bytes.slice();
        spoilt[cut] = (spoilt[cut] as number) ^ flip;
        await readSafetensors(fileOf(spoilt)).catch((error: unknown) => expect(error).toBeInstanceOf(ThawError));
      }),
      { numRuns: 60 },
    );
  });

  it('refuses a header that lies', async () => {
    const one = (data_offsets: number[], shape: number[] = [1]) => ({ dtype: 'F32', shape, data_offsets });
    const eight = new Uint8Array(8);
    const lies: unknown[] = [
      { a: one([0, 4]) }, // bytes that nobody owns
      { a: one([0, 8]) }, // a shape that needs fewer
      { a: one([0, 4]), b: one([0, 4]) }, // overlap
      { a: one([0, 4]), b: one([5, 9]) }, // hole
      { a: one([4, 8]) }, // hole at the start
      { a: one([-4, 4], [2]) },
      { a: one([0, 16], [4]) }, // past the end
      { a: one([0, 8], [2 ** 40, 2 ** 40]) },
      { a: { dtype: 'F7', shape: [2], data_offsets: [0, 8] } },
      { a: { dtype: 'F32', shape: [1.5], data_offsets: [0, 8] } },
      { a: null },
      [1, 2],
      '{"a":',
      'null',
    ];
    for (const lie of lies) expect(await codeOf(readSafetensors(fileWith(lie, eight))), JSON.stringify(lie)).toBe('model.corrupt');
    const long = Buffer.alloc(16);
    long.writeBigUInt64LE(2n ** 63n);
    expect(await codeOf(readSafetensors(fileOf(long)))).toBe('model.corrupt');
    expect(await codeOf(readSafetensors(fileOf(new Uint8Array(3))))).toBe('model.corrupt');
    expect(await codeOf(readSafetensors(path.join(folder, 'absent')))).toBe('model.missing');
  });

  it('parses any text without another error than its own', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        try {
          parseHeader(text, { path: 'file', start: 8, size: 8 });
        } catch (error) {
          expect(error).toBeInstanceOf(ThawError);
        }
      }),
    );
  });

  it('converts every other stored type', async () => {
    const cases: [keyof typeof elementBytes, ArrayBufferView, number[]][] = [
      ['F64', Float64Array.of(1.5, -2), [1.5, -2]],
      ['F16', Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00), [1, -2, 2 ** -24, Infinity]],
      ['BF16', Uint16Array.of(0x3f80, 0xc000), [1, -2]],
      ['I64', BigInt64Array.of(-3n, 2n ** 31n - 1n), [-3, 2 ** 31 - 1]],
      ['U64', BigUint64Array.of(9n), [9]],
      ['U32', Uint32Array.of(7), [7]],
      ['I16', Int16Array.of(-300), [-300]],
      ['U16', Uint16Array.of(65535), [65535]],
      ['I8', Int8Array.of(-1), [-1]],
      ['U8', Uint8Array.of(255), [255]],
      ['BOOL', Uint8Array.of(1), [1]],
    ];
    for (const [dtype, stored, expected] of cases) {
      const data = new Uint8Array(stored.buffer);
      const file = fileWith({ x: { dtype, shape: [expected.length], data_offsets: [0, data.length] } }, data);
      expect(Array.from((await readSafetensors(file)).get('x')?.data ?? []), dtype).toEqual(expected);
    }
    const large = new Uint8Array(8).fill(0x11);
    expect(await codeOf(readSafetensors(fileWith({ x: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, large)))).toBe('model.corrupt');
  });

  it('converts every half and bfloat16 that there is, from any place in memory', () => {
    const stored = Buffer.alloc(2 * 65536 + 1);
    for (let bits = 0; bits < 65536; bits++) stored.writeUInt16LE(bits, 1 + 2 * bits);
    const halves = new Float32Array(65537);
    convert('F16', stored.subarray(1), halves, 1);
    const brains = new Float32Array(65537);
    convert('BF16', stored.subarray(1), brains, 1);
    const single = Buffer.alloc(4);
    const wrong: string[] = [];
    for (let bits = 0; bits < 65536; bits++) {
      single.writeUInt32LE(bits * 65536);
      if (!Object.is(brains[bits + 1], single.readFloatLE())) wrong.push(`bfloat16 ${bits}`);
      const [sign, exponent, mantissa] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
      const scale = exponent === 31 ? (mantissa ? Number.NaN : Number.POSITIVE_INFINITY) : 2 ** (Math.max(exponent, 1) - 25);
      const value = sign * (exponent === 31 ? scale : scale * (mantissa + (exponent ? 1024 : 0)));
      if (!Object.is(halves[bits + 1], value)) wrong.push(`half ${bits}`);
    }
    expect(wrong).toEqual([]);
  });

  it('converts a tensor longer than one chunk without a seam', async () => {
    const length = 700_001;
    const data = new Uint8Array(2 * length);
    const view = new DataView(data.buffer);
    for (let i = 0; i < length; i++) view.setInt16(2 * i, (i % 60_000) - 30_000, true);
    const file = fileWith({ x: { dtype: 'I16', shape: [length], data_offsets: [0, data.length] } }, data);
    const read = (await readSafetensors(file)).get('x')?.data as Int32Array;
    expect(read.every((value, i) => value === (i % 60_000) - 30_000)).toBe(true);
  });
});

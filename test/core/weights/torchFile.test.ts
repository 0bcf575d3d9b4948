import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readTorchFile } from '../../../src/core/weights/torchFile';
import { ThawError } from '../../../src/protocol/failure';
import { expected, fixtures } from '../models/fixtures';

const pickles = path.join(fixtures, 'pickle');
const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-torch-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['legacy', 'zip'])('a %s file of torch.save', (kind) => {
  it.each(['state', 'nested'])('gives the tensors of %s', async (name) => {
    const read = await readTorchFile(path.join(pickles, `${name}.${kind}.pt`));
    expect([...read.keys()]).toEqual(Object.keys(expected.pickle));
    for (const [key, { shape, values }] of Object.entries(expected.pickle)) {
      const tensor = read.get(key);
      expect(tensor?.shape, key).toEqual(shape);
      const exact = tensor?.dtype === 'float32' ? Math.fround : Number;
      expect(Array.from(tensor?.data ?? []), key).toEqual(values.map((value) => exact(Number(value))));
    }
  });

  it('is refused by name when it asks for anything but tensors', async () => {
    const error = (await readTorchFile(path.join(pickles, `evil.${kind}.pt`)).catch((thrown: unknown) => thrown)) as ThawError;
    expect(error.failure?.code).toBe('model.unsupported');
    expect(error.message).toContain('posix.system');
  });

  it('fails as a damaged file when cut or spoilt, and never in another way', async () => {
    const bytes = readFileSync(path.join(pickles, `state.${kind}.pt`));
    const file = path.join(folder, `${kind}.pt`);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        writeFileSync(file, bytes.subarray(0, at));
        const cut = await readTorchFile(file).catch((thrown: unknown) => thrown);
        expect(cut).toBeInstanceOf(ThawError);
        const spoilt = Buffer.from(bytes);
        spoilt[at] = (spoilt[at] as number) ^ flip;
        writeFileSync(file, spoilt);
        await readTorchFile(file).catch((thrown: unknown) => expect(thrown).toBeInstanceOf(ThawError));
      }),
      { numRuns: 150 },
    );
  });
});

describe('sizes that a pickle claims', () => {
  /** A legacy file whose one tensor says of itself what it likes. */
  function legacy(count: number, tensor: string): string {
    const int = (n: number) => `J${String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >> 24) & 255)}`;
    const text = (s: string) => `X${String.fromCharCode(s.length)}\0\0\0${s}`;
    const storage = `(${text('storage')}ctorch\nFloatStorage\n${text('k')}${text('cpu')}${int(count)}NtQ`;
    const object = `\x80\x02}${text('w')}ctorch._utils\n_rebuild_tensor\n(${storage}${tensor.replace(/#(\d+)/g, (_, n) => int(Number(n)))}tRs.`;
    const header = '\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.';
    const keys = `\x80\x02]${text('k')}a.`;
    const length = Buffer.alloc(8);
    length.writeBigInt64LE(BigInt(count));
    const file = path.join(folder, 'claims.pt');
    writeFileSync(
      file,
      Buffer.concat([Buffer.from(`${header}${object}${keys}`, 'latin1'), length, Buffer.from(Float32Array.of(1, 2, 3, 4).buffer)]),
    );
    return file;
  }

  it('are believed where they are true', async () => {
    const read = await readTorchFile(legacy(4, '#0#2#2\x86#2#1\x86'));
    expect(read.get('w')).toEqual({ dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
  });

  it.each([
    ['a storage longer than the file', 2_000_000_000, '#0#4\x85#1\x85'],
    ['a tensor past its storage', 4, '#3#2\x85#1\x85'],
    ['strides of zero that make much of little', 4, '#0#1000000#1000\x86#0#0\x86'],
    ['fewer strides than sides', 4, '#0#2#2\x86#1\x85'],
  ])('are refused: %s', async (_, count, tensor) => {
    const error = (await readTorchFile(legacy(count, tensor)).catch((thrown: unknown) => thrown)) as ThawError;
    expect(error.failure?.code).toBe('model.corrupt');
  });
});

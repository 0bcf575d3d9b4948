import type { NamedTensors } from '../../../src/core/engine/engine';

/** A state dict of float32 tensors as PyTorch before 1.6 saved it (torch/serialization.py `_legacy_save`). */
export function encodeLegacyTorch(tensors: NamedTensors): Buffer {
  const magic = Buffer.from('8002 8a0a 6cfc9c46f9206aa85019 2e'.replaceAll(' ', ''), 'hex');
  const version = Buffer.from('80024de9032e', 'hex');
  const machine = Buffer.from('80027d2e', 'hex');
  const entries = [...tensors].map(([name, { shape, data }], i) => {
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    const storage = [mark, text('storage'), global('torch', 'FloatStorage'), text(String(i)), text('cpu'), int(data.length), 'N', 't', 'Q'];
    const args = [mark, ...storage, int(0), ...tuple(shape), ...tuple(strides), '\x89', ...'}', 't'];
    return [text(name), global('torch._utils', '_rebuild_tensor_v2'), ...args, 'R', 's'].join('');
  });
  const object = Buffer.from(`\x80\x02}${entries.join('')}.`, 'latin1');
  const keys = Buffer.from(`\x80\x02]${[...tensors.keys()].map((_, i) => `${text(String(i))}a`).join('')}.`, 'latin1');
  const values = [...tensors.values()].flatMap(({ data }) => {
    const count = Buffer.alloc(8);
    count.writeBigInt64LE(BigInt(data.length));
    return [count, Buffer.from(data.buffer, data.byteOffset, data.byteLength)];
  });
  return Buffer.concat([magic, version, machine, object, keys, ...values]);
}

const mark = '(';
const tuple = (numbers: readonly number[]) => [mark, ...numbers.map(int), 't'];
const global = (module: string, name: string) => `c${module}\n${name}\n`;

function int(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return `J${bytes.toString('latin1')}`;
}

function text(value: string): string {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return `X${length.toString('latin1')}${bytes.toString('latin1')}`;
}

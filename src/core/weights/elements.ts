import type { TensorData } from '../engine/engine';
import { type ElementType, elementBytes } from './safetensorsHeader';

/** Types that a tensor of the engine holds as they are. */
export function isNative(type: ElementType): type is 'F32' | 'I32' {
  return type === 'F32' || type === 'I32';
}

/** An array for `count` elements of a stored type: floats become float32, integers int32. */
export function arrayFor(type: ElementType, count: number): TensorData['data'] {
  return type === 'F32' || type === 'F16' || type === 'BF16' || type === 'F64' ? new Float32Array(count) : new Int32Array(count);
}

const readers: Readonly<Record<Exclude<ElementType, 'F16' | 'BF16'>, (view: DataView, offset: number) => number>> = {
  F32: (view, offset) => view.getFloat32(offset, true),
  F64: (view, offset) => view.getFloat64(offset, true),
  BOOL: (view, offset) => view.getUint8(offset),
  U8: (view, offset) => view.getUint8(offset),
  I8: (view, offset) => view.getInt8(offset),
  U16: (view, offset) => view.getUint16(offset, true),
  I16: (view, offset) => view.getInt16(offset, true),
  U32: (view, offset) => asInt32(view.getUint32(offset, true)),
  I32: (view, offset) => view.getInt32(offset, true),
  U64: (view, offset) => asInt32(Number(view.getBigUint64(offset, true))),
  I64: (view, offset) => asInt32(Number(view.getBigInt64(offset, true))),
};

/**
 * Converts little-endian elements from `source` into `target` from index `at` on.
 * @throws RangeError for an integer that int32 does not hold.
 */
export function convert(type: ElementType, source: Uint8Array, target: TensorData['data'], at: number): void {
  // Most large checkpoints are in one of these two; a call for each element would take ten times as long.
  if (type === 'F16' || type === 'BF16') {
    convertHalves(type, source, target as Float32Array, at);
    return;
  }
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const read = readers[type];
  const width = elementBytes[type];
  for (let offset = 0, i = at; offset < source.byteLength; offset += width, i++) target[i] = read(view, offset);
}

let halves: Float32Array | null = null;

function convertHalves(type: 'F16' | 'BF16', source: Uint8Array, target: Float32Array, at: number): void {
  const { byteOffset, byteLength } = source;
  const aligned = byteOffset % 2 === 0 ? source : Uint8Array.from(source);
  const stored = new Uint16Array(aligned.buffer, aligned.byteOffset, byteLength / 2);
  if (type === 'BF16') {
    // The upper half of a float32 each.
    const bits = new Uint32Array(target.buffer, target.byteOffset + 4 * at, stored.length);
    for (let i = 0; i < stored.length; i++) bits[i] = (stored[i] as number) << 16;
  } else {
    halves ??= Float32Array.from({ length: 1 << 16 }, (_, bits) => halfToNumber(bits)); // every value that there is
    for (let i = 0; i < stored.length; i++) target[at + i] = halves[stored[i] as number] as number;
  }
}

function asInt32(value: number): number {
  if (value !== (value | 0)) throw new RangeError(`${value} does not fit into 32 bits`);
  return value;
}

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 mantissa bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

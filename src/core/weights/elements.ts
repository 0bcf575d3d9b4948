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

const readers: Readonly<Record<ElementType, (view: DataView, offset: number) => number>> = {
  F32: (view, offset) => view.getFloat32(offset, true),
  F64: (view, offset) => view.getFloat64(offset, true),
  F16: (view, offset) => halfToNumber(view.getUint16(offset, true)),
  BF16: (view, offset) => brainToNumber(view.getUint16(offset, true)),
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
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const read = readers[type];
  const width = elementBytes[type];
  for (let offset = 0, i = at; offset < source.byteLength; offset += width, i++) target[i] = read(view, offset);
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

const brainBits = new Uint32Array(1);
const brainValue = new Float32Array(brainBits.buffer);

/** bfloat16: the upper half of a float32. */
function brainToNumber(bits: number): number {
  brainBits[0] = bits << 16;
  return brainValue[0] as number;
}

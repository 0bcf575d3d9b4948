import { closeSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Writer } from 'protobufjs/minimal';
import type { RunEvent } from '../../protocol/events';

/**
 * The run's curves for TensorBoard: `events.out.tfevents.<seconds>.<host>` beside events.ndjson, which stays the truth.
 * It is written anew from the events whenever a run goes on, so that steps which a crash undid don't show twice.
 * Format: TFRecord (length, masked CRC32C of it, data, masked CRC32C of that) around tensorflow/core/util/event.proto.
 */
export class TensorBoardLog {
  private readonly file: number;

  constructor(folder: string, earlier: readonly RunEvent[]) {
    for (const name of readdirSync(folder)) if (name.startsWith('events.out.tfevents.')) rmSync(join(folder, name));
    const begun = (earlier[0]?.time ?? Date.now()) / 1000;
    this.file = openSync(join(folder, `events.out.tfevents.${Math.floor(begun)}.${hostname()}`), 'w');
    // Event { wall_time = 1, file_version = 3 }
    writeSync(this.file, record(Writer.create().uint32(9).double(begun).uint32(26).string('brain.Event:2').finish()));
    for (const event of earlier) this.add(event);
  }

  /** Takes the scalars out of an event; most have none. */
  add(event: RunEvent): void {
    const scalars = scalarsOf(event);
    if (scalars) writeSync(this.file, record(encodeScalars(event.time / 1000, scalars.step, scalars.values)));
  }

  close(): void {
    closeSync(this.file);
  }
}

function scalarsOf(event: RunEvent): { step: number; values: Record<string, number> } | null {
  if (event.type === 'step') {
    const { step, loss, accuracy, learningRate } = event;
    return { step, values: { 'loss/train': loss, 'accuracy/train': accuracy, learning_rate: learningRate } };
  }
  if (event.type === 'epoch' && event.validation) {
    const { loss, accuracy } = event.validation;
    return { step: event.step, values: { 'loss/validation': loss, 'accuracy/validation': accuracy } };
  }
  return null;
}

/** Event { double wall_time = 1; int64 step = 2; Summary summary = 5 { Value value = 1 { string tag = 1; float simple_value = 2 } } } */
function encodeScalars(time: number, step: number, values: Record<string, number>): Uint8Array {
  const event = Writer.create().uint32(9).double(time).uint32(16).int64(step);
  event.uint32(42).fork();
  for (const [tag, value] of Object.entries(values)) event.uint32(10).fork().uint32(10).string(tag).uint32(21).float(value).ldelim();
  return event.ldelim().finish();
}

function record(data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(12 + data.length + 4);
  out.writeBigUInt64LE(BigInt(data.length), 0);
  out.writeUInt32LE(masked(crc32c(out.subarray(0, 8))), 8);
  out.set(data, 12);
  out.writeUInt32LE(masked(crc32c(data)), 12 + data.length);
  return out;
}

/** TFRecord's mask, so that a checksum of data that holds checksums is sound. */
function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli), reflected, RFC 3720 appendix B.4. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] as number);
  return (crc ^ 0xffffffff) >>> 0;
}

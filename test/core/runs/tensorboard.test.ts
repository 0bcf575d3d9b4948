import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Reader } from 'protobufjs/minimal';
import { expect, test } from 'vitest';
import { crc32c, TensorBoardLog } from '../../../src/core/runs/tensorboard';
import type { RunEvent } from '../../../src/protocol/events';
import { stepBody, temporaryFolder } from './sample';

/** An independent reader: the CRC bit by bit, the protobuf field by field. */
function slowCrc(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let i = 0; i < 8; i++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function* records(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    for (const [start, size] of [
      [at, 8],
      [at + 12, length],
    ] as const) {
      const crc = slowCrc(file.subarray(start, start + size));
      expect(file.readUInt32LE(start + size)).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
    }
    yield file.subarray(at + 12, at + 12 + length);
    at += 16 + length;
  }
}

function scalars(bytes: Buffer): Record<string, number> {
  const out: Record<string, number> = {};
  const event = Reader.create(bytes);
  while (event.pos < event.len) {
    const tag = event.uint32();
    if (tag === 16) out.step = Number(event.int64());
    else if (tag === 42) {
      const end = event.uint32() + event.pos;
      while (event.pos < end) {
        expect(event.uint32()).toBe(10);
        event.uint32();
        expect(event.uint32()).toBe(10);
        const name = event.string();
        expect(event.uint32()).toBe(21);
        out[name] = event.float();
      }
    } else event.skipType(tag & 7);
  }
  return out;
}

const step = (n: number): RunEvent => ({ seq: n, time: n * 1000, ...stepBody(n) }) as RunEvent;

test('CRC-32C of the check string', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

test('the curves read back, and writing anew leaves one file', () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'events.out.tfevents.1.old'), 'stale');
  const log = new TensorBoardLog(folder, [step(1), step(2)]);
  log.add(step(3));
  log.add({
    seq: 4,
    time: 4000,
    type: 'epoch',
    epoch: 1,
    step: 3,
    seconds: 1,
    train: { loss: 1, accuracy: 1 },
    validation: { loss: 0.25, accuracy: 0.75 },
  });
  log.close();
  const names = readdirSync(folder).filter((name) => name.startsWith('events.out.tfevents.'));
  expect(names.length).toBe(1);
  const [header, ...rest] = [...records(readFileSync(join(folder, names[0] as string)))];
  expect(header?.toString('latin1')).toContain('brain.Event:2');
  expect(rest.map(scalars)).toEqual([
    ...[1, 2, 3].map((n) => ({ step: n, 'loss/train': Math.fround(1 / n), 'accuracy/train': 0.5, learning_rate: Math.fround(0.01) })),
    { step: 3, 'loss/validation': 0.25, 'accuracy/validation': 0.75 },
  ]);
});

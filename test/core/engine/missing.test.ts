import { expect, it, vi } from 'vitest';
import { availableEngines, createEngine } from '../../../src/core/engine';
import { ThawError } from '../../../src/protocol/failure';

vi.mock('onnxruntime-node', () => {
  throw new Error('libonnxruntime.so.1: file too short');
});

it('names a damaged native library', async () => {
  const error = await createEngine('onnx', { threads: 1 }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(ThawError);
  expect((error as ThawError).failure.code).toBe('engine.missing');
  const [onnx] = await availableEngines();
  expect(onnx).toMatchObject({ name: 'onnx', available: false });
});

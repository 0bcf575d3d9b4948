import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { availableEngines, createEngine } from '../../../src/core/engine';
import { tf } from '../../../src/core/engine/ops';

vi.mock('onnxruntime-node', () => {
  throw new Error('libonnxruntime.so.1: file too short');
});
beforeEach(() => {
  vi.stubEnv('THAW_ONNX', '');
});
afterEach(() => {
  vi.doUnmock('onnxruntime-web');
  vi.unstubAllEnvs();
});

it('names a damaged native library where there is nothing else', async () => {
  vi.doMock('onnxruntime-web', () => {
    throw new Error("Cannot find package 'onnxruntime-web'");
  });
  await expect(createEngine('onnx', { threads: 1 })).rejects.toMatchObject({ failure: { code: 'engine.missing' } });
  const [onnx] = await availableEngines();
  expect(onnx).toMatchObject({ name: 'onnx', available: false });
});

it('computes in WebAssembly where the native library is damaged, and says so', async () => {
  const engine = await createEngine('onnx', { threads: 1 });
  expect(engine.version).toContain('WebAssembly');
  expect(engine.warnings).toMatchObject([{ code: 'engine.fallback', message: expect.stringContaining('onnxruntime cannot be loaded') }]);
  const program = await engine.compile(({ inputs }) => ({ outputs: { y: tf.square(inputs.x as tf.Tensor) } }), {
    state: new Map(),
    constants: new Map(),
    inputs: { x: { dtype: 'float32', shape: [2] } },
  });
  const { y } = await program.run({ x: Float32Array.of(3, -2) });
  expect([...(y?.data ?? [])]).toEqual([9, 4]);
  await engine.dispose();
  const [onnx] = await availableEngines();
  expect(onnx).toMatchObject({ available: true, version: engine.version, reason: expect.stringContaining('cannot be loaded') });
});

import { expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine';
import { recorderName } from '../../../src/core/engine/onnx/recorder';
import { tf } from '../../../src/core/engine/ops';
import { registerStockKernels } from '../../../src/core/engine/stock';

it('gives every layer op that is recorded a form in stock operations', async () => {
  await createEngine('onnx', { threads: 1 });
  registerStockKernels('some backend');
  const own = (backend: string) =>
    tf
      .getKernelsForBackend(backend)
      .map(({ kernelName }) => kernelName)
      .filter((name) => name.startsWith('Thaw'))
      .sort();
  expect(own(recorderName).length).toBeGreaterThan(10);
  expect(own('some backend')).toEqual(own(recorderName));
});

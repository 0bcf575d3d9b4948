import { asFailure } from '../../protocol/failure';
import type { Engine } from './engine';
import { blockSize } from './onnx/blocked/probe';
import { OnnxEngine } from './onnx/onnxEngine';
import { loadOnnxRuntime } from './onnx/runtime';
import { loadTensorflow, probeTensorflow } from './tensorflow/runtime';
import { TensorflowEngine } from './tensorflow/tensorflowEngine';
import { threadCount } from './threads';

export type { DType, Engine, NamedTensors, Program, ProgramSpec, Step, TensorData, Tensors } from './engine';

export interface EngineFacts {
  readonly name: Engine['name'];
  readonly available: boolean;
  readonly version: string;
  /** Why it is not available. */
  readonly reason?: string;
}

/** How the onnx engine arranges feature maps that learning layers compute. */
export type FeatureLayout = 'auto' | 'portable' | 'blocked';

/**
 * @param threads as many as asked for, no more than cores; 0 for the physical ones
 * @param layout 'auto': in blocks of channels where that is quicker; 'portable': row-major, in standard operators alone;
 *   'blocked': in blocks wherever there is a form for it, for tests. By default THAW_LAYOUT, else 'auto'.
 * @throws ThawError `engine.missing`
 */
export async function createEngine(
  name: Engine['name'],
  { threads, layout = layoutFromEnvironment() }: { threads: number; layout?: FeatureLayout },
): Promise<Engine> {
  switch (name) {
    case 'onnx': {
      const { ort, version } = await loadOnnxRuntime();
      const block = layout === 'portable' ? 1 : await blockSize(ort);
      return new OnnxEngine(ort, version, threadCount(threads), { block, always: layout === 'blocked' });
    }
    case 'tensorflow':
      return new TensorflowEngine(loadTensorflow(threadCount(threads)));
  }
}

function layoutFromEnvironment(): FeatureLayout {
  const { THAW_LAYOUT: layout } = process.env;
  return layout === 'portable' || layout === 'blocked' ? layout : 'auto';
}

/** What `createEngine` can make here. */
export function availableEngines(): Promise<EngineFacts[]> {
  return Promise.all([facts('onnx', async () => (await loadOnnxRuntime()).version), facts('tensorflow', probeTensorflow)]);
}

async function facts(name: Engine['name'], probe: () => Promise<string>): Promise<EngineFacts> {
  try {
    return { name, available: true, version: await probe() };
  } catch (error) {
    return { name, available: false, version: '', reason: asFailure(error).message };
  }
}

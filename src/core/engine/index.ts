import * as l10n from '@vscode/l10n';
import { asFailure, type ThawError } from '../../protocol/failure';
import type { Engine, EngineWarning } from './engine';
import { blockSize } from './onnx/blocked/probe';
import { OnnxEngine } from './onnx/onnxEngine';
import { loadOnnxRuntime } from './onnx/runtime';
import { loadTensorflow, probeTensorflow } from './tensorflow/runtime';
import { TensorflowEngine } from './tensorflow/tensorflowEngine';
import { threadCount } from './threads';

export type { DType, Engine, EngineWarning, NamedTensors, Program, ProgramSpec, Step, TensorData, Tensors } from './engine';

export interface EngineFacts {
  readonly name: Engine['name'];
  readonly available: boolean;
  readonly version: string;
  /** Why it is not available, or not in its native form. */
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
      const runtime = await loadOnnxRuntime(threadCount(threads));
      const block = layout === 'portable' ? 1 : await blockSize(runtime.ort);
      const warnings = [...fallbackWarning(runtime.fallback), ...threadWarning(threads)];
      return new OnnxEngine(runtime.ort, runtime.version, runtime.threads, { block, always: layout === 'blocked' }, warnings);
    }
    case 'tensorflow':
      return new TensorflowEngine(loadTensorflow(threadCount(threads)), threadWarning(threads));
  }
}

function fallbackWarning(why: ThawError | undefined): EngineWarning[] {
  if (!why) return [];
  const { message, hint, detail } = why.failure;
  const what = l10n.t('{0} It runs as WebAssembly instead, several times slower. {1} ({2})', message, hint, firstLine(detail));
  return [{ code: 'engine.fallback', message: what }];
}

function threadWarning(asked: number): EngineWarning[] {
  const most = threadCount(asked);
  if (asked <= most) return [];
  return [{ code: 'engine.threads', message: l10n.t('{0} threads were asked for: {1} are used, one for each core.', asked, most) }];
}

const firstLine = (text = '') => text.split('\n', 1)[0] as string;

function layoutFromEnvironment(): FeatureLayout {
  const { THAW_LAYOUT: layout } = process.env;
  return layout === 'portable' || layout === 'blocked' ? layout : 'auto';
}

/** What `createEngine` can make here. */
export function availableEngines(): Promise<EngineFacts[]> {
  return Promise.all([facts('onnx', probeOnnx), facts('tensorflow', async () => ({ version: await probeTensorflow() }))]);
}

async function probeOnnx(): Promise<{ version: string; reason?: string }> {
  const { version, fallback } = await loadOnnxRuntime(threadCount(0));
  return { version, ...(fallback && { reason: `${fallback.message} ${firstLine(fallback.failure.detail)}` }) };
}

async function facts(name: Engine['name'], probe: () => Promise<{ version: string; reason?: string }>): Promise<EngineFacts> {
  try {
    return { name, available: true, ...(await probe()) };
  } catch (error) {
    return { name, available: false, version: '', reason: asFailure(error).message };
  }
}

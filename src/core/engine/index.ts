import * as l10n from '@vscode/l10n';
import { asFailure, type ThawError } from '../../protocol/failure';
import type { Device } from '../../protocol/runConfig';
import { type Choice, chooseDevice, type DeviceSearch } from './devices/choose';
import { DeviceFile } from './devices/memory';
import type { Engine, EngineWarning } from './engine';
import { blockSize } from './onnx/blocked/probe';
import { type Layout, portable } from './onnx/graph';
import { OnnxEngine } from './onnx/onnxEngine';
import type { OnnxRuntime } from './onnx/ort';
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
 * @param device what the onnx engine computes on; see chooseDevice
 * @param layout 'auto': in blocks of channels where that is quicker; 'portable': row-major, in standard operators alone;
 *   'blocked': in blocks wherever there is a form for it, for tests. By default THAW_LAYOUT, else 'auto'.
 * @throws ThawError `engine.missing`
 */
export async function createEngine(
  name: Engine['name'],
  { threads, device = 'cpu', layout = layoutFromEnvironment() }: { threads: number; device?: Device; layout?: FeatureLayout },
): Promise<Engine> {
  switch (name) {
    case 'onnx': {
      const runtime = await loadOnnxRuntime(threadCount(threads));
      const best = await bestLayout(runtime, layout);
      const choice = device === 'cpu' ? { device, warnings: [] } : await chosen(device, searchWith(runtime, best));
      const warnings = [...fallbackWarning(runtime.fallback), ...threadWarning(threads), ...choice.warnings];
      return new OnnxEngine(runtime, choice.device, choice.device === 'cpu' ? best : portable, warnings);
    }
    case 'tensorflow': {
      const warnings = [...threadWarning(threads), ...deviceWarning(device)];
      return new TensorflowEngine(loadTensorflow(threadCount(threads)), warnings);
    }
  }
}

const choices = new Map<string, Promise<Choice>>();

/** Once a process: it takes a second or more. */
function chosen(device: Device, search: DeviceSearch): Promise<Choice> {
  const key = JSON.stringify([device, search]);
  const choice = choices.get(key) ?? chooseDevice(device, search, new DeviceFile());
  choices.set(key, choice);
  return choice;
}

function fallbackWarning(why: ThawError | undefined): EngineWarning[] {
  if (!why) return [];
  const { message, hint, detail } = why.failure;
  const what = l10n.t('{0} It runs as WebAssembly instead, several times slower. {1} ({2})', message, hint, firstLine(detail));
  return [{ code: 'engine.fallback', message: what }];
}

async function bestLayout({ ort }: OnnxRuntime, layout: FeatureLayout): Promise<Layout> {
  return { block: layout === 'portable' ? 1 : await blockSize(ort), always: layout === 'blocked' };
}

/** Where the onnx engine could compute. @throws ThawError `engine.missing` */
export async function onnxSearch(threads: number): Promise<DeviceSearch> {
  const runtime = await loadOnnxRuntime(threadCount(threads));
  return searchWith(runtime, await bestLayout(runtime, layoutFromEnvironment()));
}

const searchWith = ({ file, devices, threads }: OnnxRuntime, layout: Layout): DeviceSearch => ({ runtime: file, devices, threads, layout });

function deviceWarning(asked: Device): EngineWarning[] {
  if (asked === 'auto' || asked === 'cpu') return [];
  return [{ code: 'engine.device', message: l10n.t('The device "{0}" is left out of account: it is for the engine "onnx".', asked) }];
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

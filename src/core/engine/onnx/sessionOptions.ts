import type { InferenceSession } from 'onnxruntime-common';
import { type ComputeDevice, deviceNames } from '../../../protocol/runConfig';

/** onnxruntime's names of its execution providers. */
export const providers: Record<ComputeDevice, string> = {
  cpu: 'cpu',
  webgpu: 'webgpu',
  directml: 'dml',
  coreml: 'coreml',
  cuda: 'cuda',
};

export const computeDevices = deviceNames.filter((name) => name !== 'auto');

/** What a device's provider lacks, the processor computes. */
export function sessionOptions(device: ComputeDevice, threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [providers[device], 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableMemPattern: device !== 'directml', // which has none
    logSeverityLevel: 4,
  };
}

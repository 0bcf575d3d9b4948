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

/**
 * onnxruntime takes a pad of zeros into the pool after it as if it were the pool's own, which no maximum sees: maxima of
 * negative values come out wrong (1.30). And it joins a sum and the norm after it into one kernel, which takes three times as
 * long as the two (10 % of a transformer's forward pass). So these rewritings are left out.
 */
const rewritings = { optimization: { disable_specified_optimizers: 'Pad_Fusion;SkipLayerNormFusion' } };

/** What a device's provider lacks, the processor computes. */
export function sessionOptions(device: ComputeDevice, threads: number) {
  return {
    executionProviders: device === 'cpu' ? ['cpu'] : [providers[device], 'cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    enableMemPattern: device !== 'directml', // which has none
    logSeverityLevel: 4,
    extra: rewritings,
  } satisfies InferenceSession.SessionOptions;
}

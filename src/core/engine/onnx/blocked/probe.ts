import { Graph } from '../graph';
import { serialize } from '../model';
import type { Ort } from '../ort';
import { reorderInput } from './layout';

let known: Promise<number> | undefined;

/**
 * Channels in a block of onnxruntime's NCHWc kernels on this processor: 16 with AVX-512, 8 on other x64, 1 where it has
 * none (MlasNchwcGetBlockSize in its mlas/lib/platform.cpp). It tells nobody, but the order in which it puts elements shows.
 */
export function blockSize(ort: Ort): Promise<number> {
  known ??= probe(ort);
  return known;
}

async function probe(ort: Ort): Promise<number> {
  const [channels, positions] = [32, 2];
  const g = new Graph();
  const x = g.input('x', [1, channels, 1, positions], 'float32');
  const y = g.output(reorderInput(g, x, x.shape));
  const { bytes } = serialize(g, [x], [y]);
  try {
    const session = await ort.InferenceSession.create(bytes, { executionProviders: ['cpu'], intraOpNumThreads: 1, logSeverityLevel: 4 });
    const elements = Float32Array.from({ length: channels * positions }, (_, i) => i);
    const results = await session.run({ x: new ort.Tensor('float32', elements, x.shape) }, { [y.name]: null });
    await session.release();
    const block = (results[y.name]?.data as Float32Array | undefined)?.indexOf(1); // element 1 is the second position of channel 0
    return block === 16 || block === 8 ? block : 1;
  } catch {
    return 1;
  }
}

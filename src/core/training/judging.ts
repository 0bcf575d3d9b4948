import type { Engine, NamedTensors, TensorData } from '../engine/engine';
import type { ImageModel } from '../models/model';
import type { Chunk } from './chunks';
import { type Judgement, judge } from './metrics';
import { imageShape } from './stage';
import { inferenceStep } from './steps';

/** What a program takes [B, …] → logits [B, classes]. */
export type Logits = (x: Float32Array) => Promise<Float32Array>;

/** A whole model for inference, all of it constants: pictures [B, 3, S, S] → logits [B, classes]. */
export async function compileWhole(
  engine: Engine,
  model: ImageModel,
  tensors: NamedTensors,
  batchSize: number,
): Promise<{ logits: Logits; dispose(): Promise<void> }> {
  const program = await engine.compile(inferenceStep(model.chain), {
    state: new Map(),
    constants: tensors,
    inputs: { x: { dtype: 'float32', shape: [batchSize, ...imageShape(model)] } },
  });
  return {
    logits: async (x) => ((await program.run({ x })).y as TensorData).data as Float32Array,
    dispose: () => program.dispose(),
  };
}

/** Judgements of a batch's examples, without its padding and what cannot be read. */
export function judgeBatch(
  logits: Float32Array,
  { examples, real }: Chunk,
  labelOf: (example: number) => number,
  unreadable: ReadonlySet<number>,
): Judgement[] {
  const classes = logits.length / examples.length;
  return examples
    .slice(0, real)
    .flatMap((example, i) =>
      unreadable.has(example) ? [] : [judge(logits.subarray(i * classes, (i + 1) * classes), labelOf(example), example)],
    );
}

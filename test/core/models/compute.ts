import type { Engine, NamedTensors, TensorData } from '../../../src/core/engine';
import type { ImageModel } from '../../../src/core/models';
import { forwardAll, type Scope } from '../../../src/core/nn';

/** Logits of pictures [N, 3, S, S], all tensors frozen. */
export async function logitsOf(
  engine: Engine,
  model: Pick<ImageModel, 'chain'>,
  tensors: NamedTensors,
  images: Float32Array,
  shape: readonly number[],
): Promise<TensorData> {
  const program = await engine.compile(
    ({ constants, inputs }) => {
      const scope: Scope = {
        tensor: (name) => constants[name] as NonNullable<(typeof constants)[string]>,
        learns: () => false,
        training: false,
        update: (name) => {
          throw new Error(`${name} was updated`);
        },
      };
      return { outputs: { logits: forwardAll(model.chain, inputs.images as NonNullable<typeof inputs.images>, scope) } };
    },
    { state: new Map(), constants: tensors, inputs: { images: { dtype: 'float32', shape } } },
  );
  try {
    const { logits } = await program.run({ images });
    return logits as TensorData;
  } finally {
    await program.dispose();
  }
}

/** Largest difference between two lists of numbers. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
  return most;
}

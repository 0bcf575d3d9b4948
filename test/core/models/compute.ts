import type { Engine, NamedTensors, TensorData, Tensors } from '../../../src/core/engine';
import { softmaxCrossEntropy, tf, valueAndGradients } from '../../../src/core/engine/ops';
import type { ImageModel } from '../../../src/core/models';
import { forwardAll, type Scope, tensorsOf } from '../../../src/core/nn';

/** Logits of ids [N, T] or pictures [N, 3, S, S], all tensors frozen; a decoder reads what its encoder reads. */
export async function answersTo(
  engine: Pick<Engine, 'compile'>,
  model: Pick<ImageModel, 'chain'>,
  tensors: NamedTensors,
  x: TensorData,
): Promise<TensorData> {
  const program = await engine.compile(
    ({ constants, inputs }) => {
      const scope: Scope = {
        tensor: (name) => constants[name] as NonNullable<(typeof constants)[string]>,
        learns: () => false,
        training: false,
        beside: (name) => (name === 'decoderIds' ? inputs.x : undefined),
        update: (name) => {
          throw new Error(`${name} was updated`);
        },
      };
      return { outputs: { y: forwardAll(model.chain, inputs.x as NonNullable<typeof inputs.x>, scope) } };
    },
    { state: new Map(), constants: tensors, inputs: { x } },
  );
  try {
    const { y } = await program.run({ x: x.data });
    return y as TensorData;
  } finally {
    await program.dispose();
  }
}

/** Logits of pictures [N, 3, S, S]. */
export function logitsOf(
  engine: Engine,
  model: Pick<ImageModel, 'chain'>,
  tensors: NamedTensors,
  images: Float32Array,
  shape: readonly number[],
): Promise<TensorData> {
  return answersTo(engine, model, tensors, { dtype: 'float32', shape, data: images });
}

type Value = NonNullable<Tensors[string]>;

/** A step of training in which everything learns; `updates`: the statistics that it gives. */
export function learningScope(tensors: Tensors): { scope: Scope; updates: Record<string, Value> } {
  const updates: Record<string, Value> = {};
  const scope: Scope = {
    tensor: (name) => tensors[name] as Value,
    learns: () => true,
    training: true,
    update: (name, value) => {
      updates[name] = value;
    },
  };
  return { scope, updates };
}

export interface LabelledPictures {
  readonly images: Float32Array;
  /** [N, 3, S, S] */
  readonly shape: readonly number[];
  readonly labels: readonly number[];
}

/** One pass forward and back in training mode, everything learning: loss, gradients and new statistics by name. */
export async function learningPass(
  engine: Engine,
  model: ImageModel,
  tensors: NamedTensors,
  { images, shape, labels }: LabelledPictures,
): Promise<Record<string, TensorData>> {
  const statistics = new Set([...tensorsOf(model.root)].filter((tensor) => tensor.statistic).map((tensor) => tensor.name));
  const program = await engine.compile(
    ({ state, inputs }) => {
      const parameters = Object.fromEntries(Object.entries(state).filter(([name]) => !statistics.has(name)));
      const { loss, aux, gradients } = valueAndGradients((current) => {
        const { scope, updates } = learningScope({ ...state, ...current });
        const logits = forwardAll(model.chain, inputs.images as Value, scope);
        return { loss: tf.mean(softmaxCrossEntropy(logits, inputs.labels as Value, 0)), aux: updates };
      }, parameters);
      return { outputs: { loss, ...aux, ...gradients } };
    },
    {
      state: tensors,
      constants: new Map(),
      inputs: { images: { dtype: 'float32', shape }, labels: { dtype: 'int32', shape: [labels.length] } },
    },
  );
  try {
    return await program.run({ images, labels: Int32Array.from(labels) });
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

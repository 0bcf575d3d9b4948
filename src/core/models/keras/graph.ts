import * as z from 'zod';

/**
 * A layer of a Keras model as Thaw keeps it, in whatever version of Keras it was written: its class, its configuration
 * (only what changes the arithmetic), and what it is applied to.
 */
export interface KerasLayer {
  readonly name: string;
  /** Keras's class name: `Conv2D`. */
  readonly type: string;
  readonly config: Readonly<Record<string, unknown>>;
  /**
   * The inputs of each of its applications: a shared layer has several. A value is named by the layer that gives it, by
   * `layer:k` where that was its application number k > 0.
   */
  readonly calls: readonly (readonly string[])[];
  /** Of a model inside of the model. */
  readonly graph?: KerasGraph;
}

/** A model with one input (its `InputLayer`) and one output. */
export interface KerasGraph {
  readonly name: string;
  readonly layers: readonly KerasLayer[];
  /** Which value is the result. */
  readonly output: string;
}

export const kerasGraphSchema: z.ZodType<KerasGraph> = z.lazy(() =>
  z.object({ name: z.string(), layers: z.array(kerasLayerSchema).min(1).max(10_000), output: z.string() }),
);
const kerasLayerSchema: z.ZodType<KerasLayer> = z.lazy(() =>
  z.object({
    name: z.string().min(1),
    type: z.string(),
    config: z.record(z.string(), z.unknown()),
    calls: z.array(z.array(z.string())),
    graph: kerasGraphSchema.optional(),
  }),
);

/** The name of a value: of the layer's application number `call`. */
export function valueName(layer: string, call: number): string {
  return call === 0 ? layer : `${layer}:${call}`;
}

/**
 * A layer's key in our tree. Our names are joined by dots and Keras's hold dots and slashes of their own, so these (and
 * what means something in a rule) become underscores: `mobilenetv2_0.35_224` → `mobilenetv2_0_35_224`, and its weight `Conv1/kernel` → `….Conv1.kernel`.
 */
export function keyOf(layer: string): string {
  return layer.replace(/[./*!]/g, '_');
}

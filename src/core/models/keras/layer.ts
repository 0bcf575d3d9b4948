import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type * as z from 'zod';
import { ThawError } from '../../../protocol/failure';
import { type Initial, Module, type Scope, type Shape } from '../../nn';
import type { Layout } from './layout';

/** How a variable lies in Keras's files: its shape there, and which of its axes come in which order here. */
export interface Variable {
  readonly key: string;
  readonly kerasShape: Shape;
  /** Null where both are the same. What comes out is then reshaped to ours. */
  readonly order: readonly number[] | null;
  /** What other versions of Keras call it. */
  readonly alias?: string;
}

/** A layer of a Keras model, named as in Keras; unlike other modules it may take several values. */
export abstract class KerasModule extends Module {
  /** In the order in which Keras saves them. */
  readonly variables: Variable[] = [];

  /** @param inputs the shapes that it was built for */
  constructor(readonly inputs: readonly Shape[]) {
    super();
  }

  /** Of values [N, …inputs[i]] → [N, …shapeOf(inputs)] */
  abstract apply(values: readonly Tensor[], scope: Scope): Tensor;
  abstract shapeOf(inputs: readonly Shape[]): Shape;

  override forward(x: Tensor, scope: Scope): Tensor {
    return this.apply([x], scope);
  }

  override outputShape(input: Shape): Shape {
    return this.shapeOf([input, ...this.inputs.slice(1)]);
  }

  protected variable(
    key: string,
    shape: Shape,
    initial: Initial,
    there?: { shape: Shape; order: readonly number[]; alias?: string },
  ): void {
    this.parameter(key, shape, initial);
    this.variables.push({
      key,
      kerasShape: there?.shape ?? shape,
      order: there?.order ?? null,
      ...(there?.alias && { alias: there.alias }),
    });
  }
  protected fixed(key: string, shape: Shape, initial: Initial): void {
    this.statistic(key, shape, initial);
    this.variables.push({ key, kerasShape: shape, order: null });
  }
}

/** A layer without variables. */
export class Plain extends KerasModule {
  constructor(
    readonly type: string,
    inputs: readonly Shape[],
    private readonly compute: (values: readonly Tensor[]) => Tensor,
    private readonly shape: (inputs: readonly Shape[]) => Shape,
  ) {
    super(inputs);
  }
  override apply(values: readonly Tensor[]): Tensor {
    return this.compute(values);
  }
  override shapeOf(inputs: readonly Shape[]): Shape {
    return this.shape(inputs);
  }
}

/** What a layer is built for. */
export interface About extends Layout {
  /** Path of layer names, joined by slashes, for messages. */
  readonly path: string;
  /** Class name. */
  readonly type: string;
  readonly inputs: readonly Shape[];
}

/** How layers of one class are read and built. */
export interface LayerKind {
  /** What of the configuration matters; the rest is left behind. */
  readonly config: z.ZodType<Record<string, unknown>>;
  build(config: Readonly<Record<string, unknown>>, about: About): KerasModule;
}

/** @param build gets the configuration as the schema parsed it */
export function kind<C extends Record<string, unknown>>(config: z.ZodType<C>, build: (config: C, about: About) => KerasModule): LayerKind {
  return { config, build: (given, about) => build(given as C, about) };
}

/** The only input of a layer, of that rank (batch not counted). */
export function onlyInput(about: About, rank?: number): Shape {
  const [shape] = about.inputs;
  if (!shape || about.inputs.length !== 1) throw refused(about, l10n.t('it takes {0} inputs', about.inputs.length));
  if (rank !== undefined && shape.length !== rank)
    throw refused(about, l10n.t('its input is [{0}], not of rank {1}', shape.join(', '), rank));
  return shape;
}

/** A layer that we do not do, or not in this way. */
export function refused(about: { path: string; type: string }, reason: string, path?: string): ThawError {
  return new ThawError(
    'model.unsupported',
    l10n.t('The layer "{0}" ({1}) is not supported: {2}.', about.path, about.type, reason),
    l10n.t('Take that layer out of the model in Keras, or put one of the usual layers in its place, and save it again.'),
    { path },
  );
}

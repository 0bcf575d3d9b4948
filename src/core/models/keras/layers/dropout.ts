import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { drop, type Scope, type Shape } from '../../../nn';
import { type About, KerasModule, kind, onlyInput } from '../layer';
import { ourAxis } from '../layout';

/** Dropout, of whole feature maps where `together` names axes that share their draw. */
class KerasDropout extends KerasModule {
  /** Of whole blocks is another thing, which a run's rate of dropout does not touch. */
  override readonly drops: { rate: number } | undefined;
  private readonly share: { rate: number };

  /** @param together axes of our tensors, the batch being 0 */
  constructor(
    private readonly kind: 'Dropout' | 'SpatialDropout2D' | 'StochasticDepth',
    about: About,
    rate: number,
    private readonly together: ReadonlySet<number>,
  ) {
    super([onlyInput(about)]);
    this.share = { rate };
    this.drops = kind === 'StochasticDepth' ? undefined : this.share;
  }

  get type(): string {
    return `${this.kind} ${this.share.rate}`;
  }

  override get isNoisy(): boolean {
    return this.share.rate > 0;
  }

  override apply([x]: readonly Tensor[], scope: Scope): Tensor {
    const { shape } = x as Tensor;
    return drop(
      x as Tensor,
      scope,
      this,
      this.share.rate,
      shape.map((size, axis) => (this.together.has(axis) ? 1 : size)),
    );
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    return input as Shape;
  }
}

const rate = z.number().min(0).lt(1).default(0);

/** 1 stands for an axis that shares its draw; null, or its size, for one that does not. */
const dropout = kind(z.object({ rate, noise_shape: z.array(z.int().nullable()).nullish() }), ({ rate, noise_shape }, about) => {
  const rank = onlyInput(about).length + 1;
  const together = (noise_shape ?? []).flatMap((size, axis) => (size === 1 ? [ourAxis(axis, rank, about)] : []));
  return new KerasDropout('Dropout', about, rate, new Set(together));
});

const ofMaps = kind(z.object({ rate }), ({ rate }, about) => new KerasDropout('SpatialDropout2D', about, rate, new Set([2, 3])));

/** Of a block beside its shortcut, example by example (Huang et al. 2016): a layer of Keras's own ConvNeXt. */
const ofExamples = kind(z.object({ drop_path_rate: rate }), ({ drop_path_rate }, about) => {
  const inner = onlyInput(about).map((_, axis) => axis + 1);
  return new KerasDropout('StochasticDepth', about, drop_path_rate, new Set(inner));
});

export const dropouts = { Dropout: dropout, SpatialDropout2D: ofMaps, StochasticDepth: ofExamples };

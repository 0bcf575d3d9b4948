import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { tf } from '../../engine/ops';
import type { Scope } from '../../nn';
import { refused } from './settings';

const ropeSchema = z.looseObject({
  rope_type: z.string().optional(),
  /** As older configurations call it. */
  type: z.string().optional(),
  rope_theta: z.number().positive().optional(),
  factor: z.number().positive().optional(),
  low_freq_factor: z.number().positive().optional(),
  high_freq_factor: z.number().positive().optional(),
  original_max_position_embeddings: z.number().positive().optional(),
  partial_rotary_factor: z.number().optional(),
});

/** Settings of rotary positions: apart, as transformers wrote them before version 5, or together. */
export const rotarySettings = {
  rope_theta: z.number().positive().optional(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
};

type RotaryConfig = z.infer<z.ZodObject<typeof rotarySettings>>;

/**
 * By how much each pair of features turns from one token to the next, in radians: [d / 2].
 * @throws ThawError `model.unsupported` for a scaling that is not known here
 */
export function frequenciesOf(config: RotaryConfig, width: number): readonly number[] {
  const rope = { ...config.rope_scaling, ...config.rope_parameters };
  const theta = rope.rope_theta ?? config.rope_theta ?? 10000;
  if ((rope.partial_rotary_factor ?? 1) !== 1) throw refused('partial_rotary_factor', rope.partial_rotary_factor);
  const plain = Array.from({ length: width / 2 }, (_, i) => theta ** ((-2 * i) / width));
  const kind = rope.rope_type ?? rope.type ?? 'default';
  switch (kind) {
    case 'default':
      return plain;
    case 'linear': // positions closer together (Chen et al. 2023)
      return plain.map((frequency) => frequency / (rope.factor ?? 1));
    case 'llama3':
      return plain.map((frequency) => stretched(frequency, rope));
    default:
      throw refused('rope_scaling', kind);
  }
}

/** Llama 3.1: slow turns are slowed further, fast ones stay as they are, those between go from one to the other. */
function stretched(frequency: number, rope: z.infer<typeof ropeSchema>): number {
  const { factor = 8, low_freq_factor: low = 1, high_freq_factor: high = 4, original_max_position_embeddings: known = 8192 } = rope;
  const turns = (known * frequency) / (2 * Math.PI); // in as many tokens as it learned from
  if (turns < low) return frequency / factor;
  if (turns > high) return frequency;
  const smooth = (turns - low) / (high - low);
  return ((1 - smooth) * frequency) / factor + smooth * frequency;
}

/**
 * Turns each pair (i, i + d/2) of a head's features by its token's place (Su et al. 2021, in transformers' order of features).
 * Scores then depend on distances alone, so padding in front does no harm. x: [S, N, heads·d] → the same shape.
 */
export function rotated(x: Tensor, frequencies: readonly number[], { past }: Pick<Scope, 'past'> = {}): Tensor {
  const half = frequencies.length;
  const [length, n, width] = x.shape as [number, number, number];
  const places = past?.length ?? length;
  const table = (f: (angle: number, second: boolean) => number) => {
    const all = tf.tensor(
      Float32Array.from({ length: places * 2 * half }, (_, i) => {
        const [place, feature] = [Math.floor(i / (2 * half)), i % (2 * half)];
        return f(place * (frequencies[feature % half] as number), feature >= half);
      }),
      [places, 1, 2 * half],
    );
    return past ? tf.gather(all, tf.add(tf.range(0, length, 1, 'int32'), past.from)) : all;
  };
  const cosines = table(Math.cos);
  const sines = table((angle, second) => (second ? Math.sin(angle) : -Math.sin(angle)));
  // a turn's gradient is the turn back
  const turn = tf.customGrad((given, save) => {
    (save as (tensors: Tensor[]) => void)([cosines, sines]);
    const back = (dy: Tensor, [c, s]: Tensor[]) => turned(dy, c as Tensor, tf.neg(s as Tensor));
    return { value: turned(given as Tensor, cosines, sines), gradFunc: back };
  });
  return tf.reshape(turn(tf.reshape(x, [length, (n * width) / (2 * half), 2 * half])), [length, n, width]);
}

/** x: [S, N·heads, d]; cosines, sines: [S, 1, d] */
function turned(x: Tensor, cosines: Tensor, sines: Tensor): Tensor {
  const [first, second] = tf.split(x, 2, 2) as [Tensor, Tensor];
  return tf.add(tf.mul(x, cosines), tf.mul(tf.concat([second, first], 2), sines));
}

import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { tf } from '../../../engine/ops';
import type { Shape } from '../../../nn';
import { type About, kind, Plain, refused } from '../layer';
import { ourAxis } from '../layout';

const sum = (values: readonly Tensor[]) => values.reduce((a, b) => tf.add(a, b));

/** Value by value; sides of 1 are repeated. */
function merging(type: string, merge: (values: readonly Tensor[]) => Tensor) {
  return kind(z.object({}), (_, about) => {
    atLeastTwo(about);
    const shape = (inputs: readonly Shape[]): Shape => inputs.reduce((a, b) => broadcast(a, b, about));
    shape(about.inputs);
    return new Plain(type, about.inputs, merge, shape);
  });
}

function broadcast(a: Shape, b: Shape, about: About): Shape {
  const fits = a.length === b.length && a.every((side, i) => side === b[i] || side === 1 || b[i] === 1);
  if (!fits) throw refused(about, l10n.t('its inputs [{0}] and [{1}] do not fit together', a.join(', '), b.join(', ')));
  return a.map((side, i) => Math.max(side, b[i] as number));
}

function atLeastTwo(about: About): void {
  if (about.inputs.length < 2) throw refused(about, l10n.t('it takes {0} inputs', about.inputs.length));
}

const concatenated = kind(z.object({ axis: z.int().default(-1) }), ({ axis }, about) => {
  atLeastTwo(about);
  const rank = (about.inputs[0]?.length ?? 0) + 1;
  const along = ourAxis(axis, rank, about);
  const shape = (inputs: readonly Shape[]): Shape => {
    const first = inputs[0] as Shape;
    for (const other of inputs)
      if (along < 1 || other.length !== first.length || other.some((side, i) => side !== first[i] && i !== along - 1))
        throw refused(about, l10n.t('its inputs [{0}] and [{1}] do not fit together', first.join(', '), other.join(', ')));
    return first.map((side, i) => (i === along - 1 ? inputs.reduce((total, input) => total + (input[i] as number), 0) : side));
  };
  shape(about.inputs);
  return new Plain('Concatenate', about.inputs, (values) => tf.concat([...values], along), shape);
});

export const merges = {
  Add: merging('Add', sum),
  Subtract: merging('Subtract', (values) => values.reduce((a, b) => tf.sub(a, b))),
  Multiply: merging('Multiply', (values) => values.reduce((a, b) => tf.mul(a, b))),
  Average: merging('Average', (values) => tf.div(sum(values), values.length)),
  Maximum: merging('Maximum', (values) => values.reduce((a, b) => tf.maximum(a, b))),
  Minimum: merging('Minimum', (values) => values.reduce((a, b) => tf.minimum(a, b))),
  Concatenate: concatenated,
};

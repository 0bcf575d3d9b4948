import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { availableEngines, createEngine, type Step, type TensorData } from '../../../src/core/engine';
import { conv2d, tf, valueAndGradients } from '../../../src/core/engine/ops';
import { ThawError } from '../../../src/protocol/failure';
import { engine, engineName, random } from './helpers';

const spec = {
  state: new Map<string, TensorData>([['w', random([2, 2], 'w')]]),
  constants: new Map<string, TensorData>(),
  inputs: { x: { dtype: 'float32' as const, shape: [2, 2] }, map: { dtype: 'float32' as const, shape: [1, 4, 4, 1] } },
};
const step =
  (f: (x: Tensor, map: Tensor) => Tensor): Step =>
  ({ inputs }) => ({ outputs: { y: f(inputs.x as Tensor, inputs.map as Tensor) } });
const elsewhere: { kept?: Tensor } = {};

const refused: [what: string, message: RegExp, step: Step][] = [
  ['reading values', /reads the values/, step((x) => tf.mul(x, x.dataSync()[0] as number))],
  [
    'reading values and hiding the error',
    /reads the values/,
    step((x) => {
      try {
        x.arraySync();
      } catch {}
      return x;
    }),
  ],
  [
    'reading values later',
    /reads the values/,
    step((x) => {
      void x.data();
      return x;
    }),
  ],
  [
    'an operation without a kernel',
    /Conv2D/,
    step((x, map) => tf.add(x, tf.sum(tf.conv2d(map as Tensor4D, tf.ones([3, 3, 1, 1]), 1, 'same')))),
  ],
  ['a dtype', /string/, step((x) => tf.concat([x, tf.tensor(['a']) as Tensor]))],
  ['an operation for a dtype', /Exp.*int32/, step((x) => tf.exp(tf.cast(x, 'int32')))],
  [
    'an operation without a gradient',
    /Equal has no gradient/,
    step((x) => {
      const rounded = (p: Tensor) => tf.sum(tf.cast(tf.equal(tf.mul(p, 2), 1), 'float32'));
      return valueAndGradients((p) => ({ loss: rounded(p.x as Tensor), aux: {} }), { x }).loss;
    }),
  ],
  ['a tensor of another recording', /outside/, step((x) => tf.add(elsewhere.kept ?? x, x))],
  ['state that was not given', /not given/, ({ inputs }) => ({ outputs: {}, state: { v: inputs.x as Tensor } })],
  ['state of another shape', /\[2,2\]/, ({ state }) => ({ outputs: {}, state: { w: tf.sum(state.w as Tensor) } })],
];

/** What a graph cannot hold but tfjs can do, or calls by another name. */
const recorderOnly = ['an operation without a kernel', 'a dtype', 'an operation for a dtype', 'a tensor of another recording'];
const here = refused.filter(([what]) => engineName === 'onnx' || !recorderOnly.includes(what));
it.each(here)('refuses %s', async (what, message, recorded) => {
  if (/another recording/.test(what)) {
    const first = await (await engine()).compile(
      step((x) => {
        elsewhere.kept = tf.keep(tf.square(x));
        return x;
      }),
      spec,
    );
    await first.dispose();
  }
  const error = await (await engine()).compile(recorded, spec).then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ThawError);
  expect((error as ThawError).failure.code).toBe('engine.unsupported');
  expect((error as ThawError).failure.message).toMatch(message);
});

it('names shapes that do not fit', async () => {
  const wrong = step((x, map) => conv2d(map, x, { padding: 'same' }));
  await expect((await engine()).compile(wrong, spec)).rejects.toThrow(/1,4,4,1/);
});

it('says which engines there are', async () => {
  const engines = await availableEngines();
  for (const { name, available, version, reason } of engines) {
    if (available) {
      expect(version).toMatch(/^\d+\./);
      const made = await createEngine(name, { threads: 1 });
      await made.dispose();
    } else {
      expect(reason).toBeTruthy();
      await expect(createEngine(name, { threads: 1 })).rejects.toSatisfy(
        (e) => e instanceof ThawError && e.failure.code === 'engine.missing',
      );
    }
  }
});

it('never takes more threads than there are', async () => {
  const many = await createEngine(engineName, { threads: 1000 });
  const own = await createEngine(engineName, { threads: 0 });
  expect(many.threads).toBeLessThan(1000);
  expect(own.threads).toBeGreaterThanOrEqual(1);
  expect(many.warnings).toMatchObject([{ code: 'engine.threads', message: expect.stringContaining('1000') }]);
  expect(own.warnings).toEqual([]);
  const program = await many.compile(
    step((x) => tf.matMul(x, x)),
    spec,
  );
  await program.run({ x: new Float32Array(4), map: new Float32Array(16) });
  await Promise.all([many.dispose(), own.dispose()]);
});

it('says when memory runs out, and goes on', async () => {
  const huge = step((x) => tf.sum(tf.matMul(tf.tile(tf.reshape(x, [4, 1]), [2 ** 20, 1]), tf.tile(tf.reshape(x, [1, 4]), [1, 2 ** 20]))));
  const program = await (await engine()).compile(huge, spec).catch((e: unknown) => e as ThawError);
  if (program instanceof ThawError) return expect(program.failure.code).toBe('engine.outOfMemory');
  const inputs = { x: new Float32Array(4), map: new Float32Array(16) };
  await expect(program.run(inputs)).rejects.toSatisfy((e) => e instanceof ThawError && e.failure.code === 'engine.outOfMemory');
  expect(program.read(['w']).get('w')).toEqual(spec.state.get('w'));
  await program.dispose();
});

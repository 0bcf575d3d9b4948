import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import type { ProgramSpec, Step, TensorData } from '../../../src/core/engine';
import { linear, softmaxCrossEntropy, tf, valueAndGradients } from '../../../src/core/engine/ops';
import { ThawError } from '../../../src/protocol/failure';
import { engine, integers, random, tensor } from './helpers';

const spec: ProgramSpec = {
  state: new Map([
    ['weight', random([3, 5], 'weight')],
    ['bias', random([3], 'bias')],
    ['step', integers([], [0])],
  ]),
  constants: new Map([['rate', tensor([], [0.5])]]),
  inputs: { x: { dtype: 'float32', shape: [4, 5] }, labels: { dtype: 'int32', shape: [4] } },
};

/** Gradient descent on a linear classifier. */
const descend: Step = ({ state, constants, inputs }) => {
  const { weight, bias } = state as { weight: Tensor; bias: Tensor };
  const { loss, aux, gradients } = valueAndGradients(
    (p) => {
      const logits = linear(inputs.x as Tensor, p.weight as Tensor, p.bias);
      return { loss: softmaxCrossEntropy(logits, inputs.labels as Tensor, 0.1).mean(), aux: { logits } };
    },
    { weight, bias },
  );
  const learn = (value: Tensor, gradient: Tensor) => value.sub(gradient.mul(constants.rate as Tensor));
  return {
    outputs: { loss, logits: aux.logits as Tensor },
    state: {
      weight: learn(weight, gradients.weight as Tensor),
      bias: learn(bias, gradients.bias as Tensor),
      step: (state.step as Tensor).add(1).toInt(),
    },
  };
};
const given = { x: random([4, 5], 'x').data, labels: Int32Array.of(0, 1, 2, 1) };
const compiled = async (step: Step = descend, given = spec) => (await engine()).compile(step, given);
const bytes = (tensors: Map<string, TensorData>) => JSON.stringify([...tensors].map(([name, { data }]) => [name, [...data]]));

describe('a program', () => {
  it('keeps its state between runs', async () => {
    const program = await compiled();
    const losses: number[] = [];
    for (let i = 0; i < 20; i++) losses.push((await program.run(given)).loss?.data[0] as number);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) * 0.8);
    expect(program.read(['step']).get('step')?.data[0]).toBe(20);
    await program.dispose();
  });

  it('gives the same bytes for the same beginning', async () => {
    const [first, second] = [await compiled(), await compiled()];
    for (let i = 0; i < 5; i++) await Promise.all([first.run(given), second.run(given)]);
    expect(bytes(first.read())).toBe(bytes(second.read()));
    await Promise.all([first.dispose(), second.dispose()]);
  });

  it('goes on from what was read', async () => {
    const whole = await compiled();
    for (let i = 0; i < 6; i++) await whole.run(given);
    const [before, after] = [await compiled(), await compiled()];
    for (let i = 0; i < 3; i++) await before.run(given);
    after.write(before.read());
    for (let i = 0; i < 3; i++) await after.run(given);
    expect(bytes(after.read())).toBe(bytes(whole.read()));
    await Promise.all([whole, before, after].map((program) => program.dispose()));
  });

  it('shares its state with the same step for other shapes', async () => {
    const shorter = { x: random([2, 5], 'few').data, labels: Int32Array.of(2, 0) };
    const few = { ...spec, inputs: { x: { dtype: 'float32', shape: [2, 5] }, labels: { dtype: 'int32', shape: [2] } } } as const;
    const [first, apart] = [await compiled(), await compiled()];
    const second = await (await engine()).compile(descend, { ...few, sharing: first });
    const other = await (await engine()).compile(descend, few);
    for (let i = 0; i < 3; i++) {
      await Promise.all([first.run(given), second.run(shorter)]);
      await apart.run(given);
      other.write(apart.read());
      await other.run(shorter);
      apart.write(other.read());
    }
    expect(bytes(second.read())).toBe(bytes(first.read()));
    expect(bytes(first.read())).toBe(bytes(apart.read()));
    await first.dispose();
    await second.run(shorter); // what is shared outlives either of them
    await Promise.all([second, apart, other].map((program) => program.dispose()));
  });

  it('shares its state with a step that changes other pieces of it', async () => {
    const size = { a: 3, b: 5, large: 70_000, other: 70_000 };
    const state = new Map(Object.entries(size).map(([name, n]) => [name, tensor([n], new Float32Array(n).fill(1))]));
    const whole = { state, constants: new Map(), inputs: { by: { dtype: 'float32', shape: [] } } } as const;
    const grow: Step = ({ state, inputs: { by } }) => {
      const grown = (name: string) => tf.add(state[name] as Tensor, by as Tensor);
      return { outputs: { sum: tf.sum(state.b as Tensor) }, state: { a: grown('a'), large: grown('large') } };
    };
    const move: Step = ({ state, inputs: { by } }) => {
      const sum = tf.mul(tf.mean(state.large as Tensor), by as Tensor);
      const moved = (name: string) => tf.add(state[name] as Tensor, sum);
      return { outputs: { first: tf.slice(state.other as Tensor, 0, 1) }, state: { b: moved('b'), other: moved('other') } };
    };
    const look: Step = ({ state }) => ({
      outputs: Object.fromEntries(Object.entries(state).map(([name, t]) => [name, tf.max(t as Tensor)])),
    });
    const compiler = await engine();
    const grows = await compiler.compile(grow, whole);
    const moves = await compiler.compile(move, { ...whole, sharing: grows });
    const looks = await compiler.compile(look, { ...whole, sharing: grows });
    const now = { a: 1, b: 1, large: 1, other: 1 };
    for (const by of [1, 2, 0.5]) {
      const { sum } = await grows.run({ by: Float32Array.of(by) });
      expect(sum?.data[0]).toBe(5 * now.b);
      now.a += by;
      now.large += by;
      const { first } = await moves.run({ by: Float32Array.of(2) });
      expect(first?.data[0]).toBe(now.other);
      now.b += 2 * now.large;
      now.other += 2 * now.large;
      const seen = await looks.run({ by: Float32Array.of(0) });
      expect(Object.fromEntries(Object.entries(seen).map(([name, { data }]) => [name, data[0]]))).toEqual(now);
    }
    await Promise.all([grows, moves, looks].map((program) => program.dispose()));
  });

  it('runs overlapping calls one after another', async () => {
    const [together, inTurn] = [await compiled(), await compiled()];
    await Promise.all([1, 2, 3].map(() => together.run(given)));
    for (let i = 0; i < 3; i++) await inTurn.run(given);
    expect(bytes(together.read())).toBe(bytes(inTurn.read()));
    await Promise.all([together.dispose(), inTurn.dispose()]);
  });

  it('lets others take turns between its runs', async () => {
    const program = await compiled();
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    for (const start = performance.now(); turns <= 3 && performance.now() - start < 10_000; ) await program.run(given);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    await program.dispose();
  });

  it('keeps its state when a run fails', async () => {
    const program = await compiled();
    await program.run(given);
    const before = bytes(program.read());
    const failing = [
      { ...given, labels: Int32Array.of(0, 1, 2, 3) },
      { ...given, labels: Int32Array.of(0, 1, 2, -1) },
      { ...given, x: Float32Array.from(given.x).fill(Number.NaN, 3, 4) },
      { ...given, x: new Float32Array(3) },
      { labels: given.labels },
    ];
    for (const inputs of failing) {
      await expect(program.run(inputs)).rejects.toSatisfy((e) => e instanceof ThawError && e.failure.code === 'engine.failed');
      expect(bytes(program.read())).toBe(before);
    }
    await program.run(given);
    await program.dispose();
    await expect(program.run(given)).rejects.toThrow(ThawError);
  });

  it('refuses state of another shape and leaves all of it alone', async () => {
    const program = await compiled();
    const before = bytes(program.read());
    const wrong = new Map([
      ['weight', random([3, 5], 'other')],
      ['bias', random([4], 'bias')],
    ]);
    expect(() => program.write(wrong)).toThrow(ThawError);
    expect(() => program.write(new Map([['nothing', random([3], 'n')]]))).toThrow(ThawError);
    expect(bytes(program.read())).toBe(before);
    await program.dispose();
  });

  it('holds hundreds of small pieces of state', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `state${i}`);
    const shapes = [[], [2], [1, 3]];
    const filled = (i: number, value: number) => tensor(shapes[i % 3] as number[], Array((i % 3) + 1).fill(value));
    const state = new Map(names.map((name, i) => [name, filled(i, i)]));
    const more: Step = ({ state }) => ({
      outputs: {},
      state: Object.fromEntries(names.map((name) => [name, (state[name] as Tensor).add(1)])),
    });
    const program = await compiled(more, { state, constants: new Map(), inputs: {} });
    await program.run({});
    const after = program.read();
    names.forEach((name, i) => {
      expect(after.get(name)).toEqual(filled(i, i + 1));
    });
    await program.dispose();
  });

  it('returns an input, a constant and the same tensor twice', async () => {
    const program = await compiled(({ inputs, constants, state }) => {
      const y = (inputs.x as Tensor).add(1);
      return { outputs: { x: inputs.x as Tensor, rate: constants.rate as Tensor, bias: state.bias as Tensor, y, z: y }, state };
    });
    const { x, rate, bias, y, z } = await program.run(given);
    expect(x?.data).toEqual(given.x);
    expect(rate?.data).toEqual(Float32Array.of(0.5));
    expect(bias?.data).toEqual(spec.state.get('bias')?.data);
    expect(z?.data).toEqual(y?.data);
    await program.dispose();
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine, type TensorData } from '../../../src/core/engine';
import { BatchNorm, Conv2d, rooted, type Scope } from '../../../src/core/nn';
import { distance } from '../models/compute';
import { expected, wave } from '../models/fixtures';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine('onnx', { threads: 1 });
});
afterAll(() => engine.dispose());

/** Runs a batch norm over wave [4, 3, 5, 5] once; what it said of its statistics comes back as `updates`. */
async function normOnce(mode: { training: boolean; learns: string[] }): Promise<{ y: TensorData; updates: Record<string, TensorData> }> {
  const norm = rooted(new BatchNorm(3, { epsilon: 1e-3, momentum: 0.1 }), 'bn');
  const vector = (...values: number[]): TensorData => ({ dtype: 'float32', shape: [3], data: Float32Array.from(values) });
  const constants = new Map([
    ['bn.weight', vector(0.5, 1, 1.5)],
    ['bn.bias', vector(0.1, 0, -0.2)],
    ['bn.running_mean', vector(0.3, -0.3, 0)],
    ['bn.running_var', vector(1, 2, 0.5)],
  ]);
  const program = await engine.compile(
    ({ constants: given, inputs }) => {
      type Value = NonNullable<(typeof given)[string]>;
      const updates: Record<string, Value> = {};
      const scope: Scope = {
        tensor: (name) => given[name] as Value,
        learns: (name) => mode.learns.includes(name),
        training: mode.training,
        update: (name, value) => {
          updates[name] = value;
        },
      };
      return { outputs: { y: norm.forward(inputs.x as Value, scope), ...updates } };
    },
    { state: new Map(), constants, inputs: { x: { dtype: 'float32', shape: [4, 3, 5, 5] } } },
  );
  const { y, ...updates } = await program.run({ x: wave([4, 3, 5, 5]) });
  await program.dispose();
  return { y: y as TensorData, updates };
}

describe('batch norm', () => {
  it.each(['bn.weight', 'bn.bias'])("takes PyTorch's training step while %s learns", async (name) => {
    const { y, updates } = await normOnce({ training: true, learns: [name] });
    expect(distance(y.data, expected.batchNorm.y)).toBeLessThan(1e-5);
    expect(distance(updates['bn.running_mean']?.data ?? [], expected.batchNorm.running_mean)).toBeLessThan(1e-6);
    expect(distance(updates['bn.running_var']?.data ?? [], expected.batchNorm.running_var)).toBeLessThan(1e-6);
  });

  it('normalises by its running statistics, untouched, when frozen or not training', async () => {
    const frozen = await normOnce({ training: true, learns: [] });
    const testing = await normOnce({ training: false, learns: ['bn.weight', 'bn.bias'] });
    expect(frozen.updates).toEqual({});
    expect(testing.updates).toEqual({});
    expect(testing.y.data).toEqual(frozen.y.data);
    const [x, y] = [wave([4, 3, 5, 5]), frozen.y.data];
    expect(y[0]).toBeCloseTo(0.1 + (0.5 * ((x[0] as number) - 0.3)) / Math.sqrt(1 + 1e-3), 5);
    expect(y[25]).toBeCloseTo(((x[25] as number) + 0.3) / Math.sqrt(2 + 1e-3), 5);
  });

  it('refuses to learn from one value a channel', () => {
    const norm = rooted(new BatchNorm(3), 'bn');
    const x = { size: 3, shape: [1, 3, 1, 1] } as Parameters<BatchNorm['forward']>[0];
    const scope = { tensor: () => x, learns: () => true, training: true, update: () => undefined };
    expect(() => norm.forward(x, scope)).toThrow(/batch norm "bn"/);
  });
});

describe('convolution', () => {
  it.each([
    [{ stride: 2, padding: 'same' as const }, 7, 4],
    [{ stride: 2, padding: 'same' as const }, 8, 4],
    [{ stride: 2 }, 7, 4],
    [{ stride: 2 }, 8, 4],
    [{ padding: 0 }, 7, 5],
    [{}, 7, 7],
  ])('%o of a side of %i gives %i, as its output shape says', async (options, side, output) => {
    const layer = rooted(new Conv2d(2, 3, 3, { ...options, bias: true }), 'c');
    const constants = new Map<string, TensorData>([
      ['c.weight', { dtype: 'float32', shape: [3, 2, 3, 3], data: wave([3, 2, 3, 3]) }],
      ['c.bias', { dtype: 'float32', shape: [3], data: wave([3]) }],
    ]);
    const program = await engine.compile(
      ({ constants: given, inputs }) => {
        type Value = NonNullable<(typeof given)[string]>;
        const scope: Scope = { tensor: (name) => given[name] as Value, learns: () => false, training: false, update: () => undefined };
        return { outputs: { y: layer.forward(inputs.x as Value, scope) } };
      },
      { state: new Map(), constants, inputs: { x: { dtype: 'float32', shape: [1, 2, side, side] } } },
    );
    const { y } = await program.run({ x: wave([1, 2, side, side]) });
    await program.dispose();
    expect(y?.shape).toEqual([1, ...layer.outputShape([2, side, side])]);
    expect(y?.shape).toEqual([1, 3, output, output]);
  });
});

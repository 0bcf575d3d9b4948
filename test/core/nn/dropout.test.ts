import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEngine, type Engine, type TensorData } from '../../../src/core/engine';
import { dropoutKey } from '../../../src/core/engine/ops';
import { Dropout, dropoutUnder, Linear, type Module, rooted, type Scope, Sequential } from '../../../src/core/nn';
import { select } from '../../../src/core/training/selection';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine('onnx', { threads: 1 });
});
afterAll(() => engine.dispose());

/** What the modules make of 1000 ones. */
async function given(modules: readonly Module[], mode: { training: boolean; drops: boolean }): Promise<Float32Array[]> {
  type Value = Parameters<Module['forward']>[0];
  const program = await engine.compile(
    ({ inputs }) => {
      const scope: Scope = {
        tensor: () => inputs.x as Value,
        learns: () => true,
        training: mode.training,
        update: () => {},
        ...(mode.drops && { dropout: dropoutUnder(inputs.key as Value) }),
      };
      return { outputs: Object.fromEntries(modules.map((module, i) => [`y${i}`, module.forward(inputs.x as Value, scope)])) };
    },
    { state: new Map(), constants: new Map(), inputs: { x: { dtype: 'float32', shape: [10, 100] }, key: { dtype: 'int32', shape: [2] } } },
  );
  const results = await program.run({ x: new Float32Array(1000).fill(1), key: dropoutKey(0, 0) });
  await program.dispose();
  return modules.map((_, i) => (results[`y${i}`] as TensorData).data as Float32Array);
}

describe('the dropout layer', () => {
  it('drops in training, other elements in other layers and in another pass through the same one', async () => {
    const [a, b] = [rooted(new Dropout(0.5), 'a'), rooted(new Dropout(0.5), 'b')];
    const masks = await given([a, a, b], { training: true, drops: true });
    for (const mask of masks) expect([...new Set(mask)].sort()).toEqual([0, 2]);
    expect(new Set(masks.map(String)).size).toBe(3);
    expect(await given([a, a, b], { training: true, drops: true })).toEqual(masks);
  });

  it('gives what it is given outside of training, at rate 0, and where nothing drops', async () => {
    const [layer, none] = [rooted(new Dropout(0.5), 'a'), rooted(new Dropout(0), 'b')];
    const ones = new Float32Array(1000).fill(1);
    expect(await given([layer], { training: false, drops: true })).toEqual([ones]);
    expect(await given([layer], { training: true, drops: false })).toEqual([ones]);
    expect(await given([none], { training: true, drops: true })).toEqual([ones]);
  });
});

it('dropout right before what learns is not part of the frozen front; further below it is, and is silent', () => {
  const chain = [new Linear(4, 4), new Dropout(0.5), new Linear(4, 4), new Dropout(0.5), new Dropout(0), new Linear(4, 2)];
  const root = rooted(new Sequential(chain));
  const cut = (rules: string[]) => select({ root, chain, head: '5', blocks: [] }, rules).cut;
  expect(cut(['5.**'])).toBe(3);
  expect(cut(['2.**', '5.**'])).toBe(1);
  expect(cut(['**'])).toBe(0);
});

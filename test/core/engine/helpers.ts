import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { createEngine, type Engine, type FeatureLayout, type TensorData, type Tensors } from '../../../src/core/engine';
import { tf, valueAndGradients } from '../../../src/core/engine/ops';
import { registerStockKernels } from '../../../src/core/engine/stock';
import { StockProgram } from '../../../src/core/engine/tensorflow/program';
import { RandomStream } from '../../../src/core/random';

/** The project "tensorflow" runs the same tests as "unit", on the other engine. */
export const engineName: Engine['name'] = process.env.THAW_TEST_ENGINE === 'tensorflow' ? 'tensorflow' : 'onnx';

/** The project "wasm" runs them on the onnx engine with onnxruntime's WebAssembly build. */
export const onWasm = process.env.THAW_ONNX === 'web';

/** The onnx engine's arrangements of feature maps; a test that runs in each of them covers all forms of the layer ops. */
export const layouts: readonly FeatureLayout[] = engineName !== 'onnx' || onWasm ? ['auto'] : ['portable', 'blocked'];

type Compiler = Pick<Engine, 'compile'>;

const shared = new Map<FeatureLayout, Promise<Engine>>();
export function engine(layout: FeatureLayout = 'auto'): Promise<Compiler> {
  const made = shared.get(layout) ?? createEngine(engineName, { threads: 1, layout });
  shared.set(layout, made);
  return made;
}

let other: Promise<Compiler> | undefined;
/** A second opinion: what the tensorflow engine runs, on tfjs's own backend; for the tensorflow engine itself, onnx. */
export function peer(): Promise<Compiler> {
  other ??= engineName === 'onnx' ? stockOnCpu() : createEngine('onnx', { threads: 1 });
  return other;
}

async function stockOnCpu(): Promise<Compiler> {
  await import('@tensorflow/tfjs-backend-cpu');
  tf.env().set('IS_TEST', true); // else tfjs recommends other backends
  registerStockKernels('cpu');
  return {
    compile: async (step, spec) => {
      const program = new StockProgram('cpu', step, spec);
      program.rehearse();
      return program;
    },
  };
}

/** Tensors by name, as a compiled step is given them. */
export type Given = Record<string, Tensor>;
export const of = (given: Given, name: string) => given[name] as Tensor;

/** A tensor in a fixture: float32 in base64. */
export const packed = z.object({ shape: z.array(z.number()), data: z.string() }).transform(({ shape, data }): TensorData => {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return { dtype: 'float32', shape, data: new Float32Array(bytes.buffer) };
});

export function tensor(shape: readonly number[], data: ArrayLike<number>): TensorData {
  return { dtype: 'float32', shape, data: Float32Array.from(data) };
}

export function integers(shape: readonly number[], data: ArrayLike<number>): TensorData {
  return { dtype: 'int32', shape, data: Int32Array.from(data) };
}

/** Normal values from a stream of their own. */
export function random(shape: readonly number[], name: string, scale = 1, shift = 0): TensorData {
  const stream = new RandomStream(7, name);
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    shape,
    Array.from({ length: size }, () => stream.normal() * scale + shift),
  );
}

/** Runs a function of tensors once. */
export async function evaluate(
  f: (tensors: Record<string, Tensor>) => Record<string, Tensor>,
  given: Record<string, TensorData>,
  layout?: FeatureLayout,
): Promise<Record<string, TensorData>> {
  const program = await (await engine(layout)).compile(({ inputs }) => ({ outputs: f(inputs as Record<string, Tensor>) }), {
    state: new Map(),
    constants: new Map(),
    inputs: given,
  });
  const results = await program.run(Object.fromEntries(Object.entries(given).map(([name, { data }]) => [name, data])));
  await program.dispose();
  return results;
}

/**
 * The gradient of Σ f·direction by `valueAndGradients` against central differences of f itself, which run through the engine
 * too: returns the largest deviation, relative to the largest entry of each gradient.
 */
export async function gradientError(
  f: (tensors: Record<string, Tensor>) => Tensor,
  given: Record<string, TensorData>,
  {
    layout,
    step = 1e-2,
    only = Object.keys(given).filter((name) => given[name]?.dtype === 'float32'),
  }: { layout?: FeatureLayout; step?: number; only?: string[] } = {},
): Promise<number> {
  const { y } = (await evaluate((tensors) => ({ y: f(tensors) }), given, layout)) as { y: TensorData };
  const direction = random(y.shape, 'direction');
  const rest = (inputs: Tensors, parameters: Tensors) => ({ ...inputs, ...parameters }) as Record<string, Tensor>;
  const names = Object.keys(given);
  const program = await (await engine(layout)).compile(
    ({ inputs }) => {
      const parameters = Object.fromEntries(only.map((name) => [name, inputs[name] as Tensor]));
      const loss = (tensors: Record<string, Tensor>) => f(tensors).mul(inputs.direction as Tensor);
      const { gradients } = valueAndGradients((learned) => ({ loss: loss(rest(inputs, learned)).sum(), aux: {} }), parameters);
      return { outputs: { ...gradients, terms: loss(rest(inputs, parameters)) } };
    },
    { state: new Map(), constants: new Map(), inputs: { ...given, direction } },
  );
  const run = (changed: Record<string, TensorData>) =>
    program.run(
      Object.fromEntries(
        [...names, 'direction'].map((name) => [name, (name === 'direction' ? direction : (changed[name] as TensorData)).data]),
      ),
    );
  /** Summed in double precision, so that the difference is as good as f's own values. */
  const total = async (changed: Record<string, TensorData>) =>
    (((await run(changed)).terms as TensorData).data as Float32Array).reduce((a, b) => a + b, 0);
  const exact = await run(given);
  let worst = 0;
  for (const name of only) {
    const { shape, data } = given[name] as TensorData;
    const gradient = (exact[name] as TensorData).data;
    const scale = Math.max(1e-3, ...gradient.map(Math.abs));
    const stride = Math.max(1, Math.floor(data.length / 12));
    for (let i = 0; i < data.length; i += stride) {
      const moved = (by: number) =>
        tensor(
          shape,
          data.map((v, j) => (j === i ? v + by : v)),
        );
      const [above, below] = [moved(step), moved(-step)];
      const width = (above.data[i] as number) - (below.data[i] as number);
      const difference = ((await total({ ...given, [name]: above })) - (await total({ ...given, [name]: below }))) / width;
      worst = Math.max(worst, Math.abs(difference - (gradient[i] as number)) / scale);
    }
  }
  await program.dispose();
  return worst;
}

import type { InferenceSession } from 'onnxruntime-common';

/** What the child is told: a model and how to run it over and over. */
export interface Order {
  /** Main file of onnxruntime's package. */
  readonly runtime: string;
  readonly options: InferenceSession.SessionOptions;
  readonly model: Uint8Array;
  readonly externalData: { path: string; data: Uint8Array }[];
  readonly feeds: readonly { name: string; type: string; shape: readonly number[]; data: Float32Array | Int32Array }[];
  /** Inputs that hold state, and the outputs that replace them after a step. */
  readonly state: readonly (readonly [input: string, output: string])[];
  readonly loss: string;
  /** Steps whose results count. */
  readonly steps: number;
  /** How long further steps are timed, milliseconds; 0 not at all. */
  readonly timed: number;
}

export type Reply =
  | { readonly ok: true; readonly losses: number[]; readonly state: Record<string, Float32Array>; readonly milliseconds: number | null }
  | { readonly ok: false; readonly why: string };

/**
 * The child's program, which answers an Order with a Reply. It is text, as it must run where Thaw is a bundle and where it is
 * not; it loads nothing but onnxruntime.
 */
export const childProgram = `
process.once('message', async (order) => {
  const reply = await attempt(order).catch((error) => ({ ok: false, why: String((error && error.message) || error) }));
  process.send(reply, () => process.exit());
});
async function attempt({ runtime, options, model, externalData, feeds, state, loss, steps, timed }) {
  const ort = require(runtime);
  ort.env.logLevel = 'fatal';
  ort.env.wasm.numThreads = options.intraOpNumThreads;
  const session = await ort.InferenceSession.create(model, { ...options, externalData });
  const given = {};
  for (const { name, type, shape, data } of feeds) given[name] = new ort.Tensor(type, data, shape);
  const step = async () => {
    const results = await session.run(given);
    for (const [input, output] of state) given[input] = results[output].reshape(given[input].dims);
    return results[loss].data[0];
  };
  const losses = [];
  for (let i = 0; i < steps; i++) losses.push(await step());
  const after = {};
  for (const [input] of state) after[input] = given[input].data.slice();
  const times = [];
  for (const end = performance.now() + timed; performance.now() < end; ) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  return { ok: true, losses, state: after, milliseconds: times.length ? Math.min(...times) : null };
}`;

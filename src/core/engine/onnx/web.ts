import { createRequire } from 'node:module';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { OnnxRuntime, Ort, Session } from './ort';

type Web = typeof import('onnxruntime-common');

/** Its threads are made once a process: as many as the first engine asked for. */
let loaded: Promise<OnnxRuntime> | undefined;

/** onnxruntime's WebAssembly build, which runs wherever Node does, behind the native one's interface. */
export function loadWebRuntime(threads: number): Promise<OnnxRuntime> {
  const loading = loaded ?? load(threads);
  loaded = loading;
  loading.catch(() => {
    loaded = undefined;
  });
  return loading;
}

async function load(threads: number): Promise<OnnxRuntime> {
  const module: Web & { default?: Web } = await import('onnxruntime-web');
  const web = module.default ?? module;
  web.env.logLevel = 'fatal'; // errors are thrown; the log would repeat them
  web.env.wasm.numThreads = threads;
  return {
    ort: oneAtATime(web),
    version: `${web.env.versions.web ?? web.env.versions.common} (WebAssembly)`,
    isNative: false,
    threads,
    file: createRequire(__filename).resolve('onnxruntime-web'),
    devices: ['cpu'],
  };
}

/**
 * Calls that overlap would share one stack and one table of mounted files inside the module, so they go one after another.
 * A call blocks its thread: whoever waits for a message or a timer gets a turn before it.
 */
function oneAtATime(web: Web): Ort {
  let last: Promise<unknown> = Promise.resolve();
  const turn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(breath).then(work);
    last = mine.catch(() => {});
    return mine;
  };
  const wrapped = (session: InferenceSession): Session => ({
    inputNames: session.inputNames,
    run: (feeds: InferenceSession.FeedsType, fetches: Record<string, Tensor | null>) =>
      turn(async () => intoGiven(await session.run(feeds, Object.keys(fetches)), fetches)),
    release: () => turn(() => session.release()),
  });
  return {
    Tensor: web.Tensor,
    InferenceSession: { create: (model, options) => turn(async () => wrapped(await web.InferenceSession.create(model, options))) },
  };
}

const breath = () => new Promise((resolve) => setImmediate(resolve));

/** The module copies outputs that were given to it into its own memory, and not back: they are filled here. */
function intoGiven(results: InferenceSession.ReturnType, fetches: Readonly<Record<string, Tensor | null>>): InferenceSession.ReturnType {
  const outputs: Record<string, Tensor> = {};
  for (const [name, given] of Object.entries(fetches)) {
    const result = results[name] as Tensor;
    if (given) (given.data as Float32Array).set(result.data as Float32Array);
    outputs[name] = given ?? result;
  }
  return outputs;
}

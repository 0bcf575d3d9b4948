import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** tfjs is hundreds of modules: each test file loads them in a second as one, in ten as they are. */
export const deps = {
  optimizer: {
    ssr: {
      enabled: true,
      include: ['index', 'register_all_gradients', 'public/chained_ops/register_all_chained_ops'].map(
        (module) => `@tensorflow/tfjs-core/dist/${module}`,
      ),
    },
  },
};

const bothEngines = ['test/core/engine/**/*.test.ts', 'test/core/models/families.test.ts', 'test/core/generation/transformers.test.ts'];

/** The engine's tests, the families' and what they write once more, on the engine that `npm run setup:tensorflow` puts here. */
const tensorflow = {
  test: {
    name: 'tensorflow',
    deps,
    include: bothEngines,
    exclude: ['test/core/engine/blocked.test.ts', '**/*.slow.test.ts'], // onnxruntime's own forms
    env: { THAW_TEST_ENGINE: 'tensorflow' },
    testTimeout: 60_000,
  },
};

/** The same on onnxruntime's WebAssembly build. */
const wasm = {
  test: {
    name: 'wasm',
    deps,
    include: bothEngines,
    exclude: ['test/core/engine/blocked.test.ts', '**/*.slow.test.ts'], // kernels that it lacks
    env: { THAW_ONNX: 'web' },
    testTimeout: 60_000,
  },
};
const hasWasm = existsSync(new URL('node_modules/onnxruntime-web', import.meta.url));
const hasTensorflow = existsSync(new URL('.tensorflow', import.meta.url));

/** No model that this machine's user has downloaded, and none of the network. */
const env = { HF_HUB_CACHE: path.join(tmpdir(), 'thaw-no-cache'), HF_HUB_OFFLINE: '1' };

/** `unit` runs in a minute or two; `slow` trains and kills processes. The workbench's tests stand apart (test/workbench). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          deps,
          env,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.slow.test.ts', 'test/workbench/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'slow',
          deps,
          env,
          include: ['test/**/*.slow.test.ts'],
          exclude: ['test/workbench/**'],
          testTimeout: 300_000,
          fileParallelism: false,
        },
      },
      ...(hasWasm ? [wasm] : []),
      ...(hasTensorflow ? [tensorflow] : []),
    ],
  },
});

import { existsSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** tfjs is hundreds of modules: each test file loads them in a second as one, in ten as they are. */
const deps = {
  optimizer: {
    ssr: {
      enabled: true,
      include: ['index', 'register_all_gradients', 'public/chained_ops/register_all_chained_ops'].map(
        (module) => `@tensorflow/tfjs-core/dist/${module}`,
      ),
    },
  },
};

/** The engine's tests and the families' once more, on the engine that `npm run setup:tensorflow` puts here. */
const tensorflow = {
  test: {
    name: 'tensorflow',
    deps,
    include: ['test/core/engine/**/*.test.ts', 'test/core/models/families.test.ts'],
    exclude: ['test/core/engine/blocked.test.ts', '**/*.slow.test.ts'], // onnxruntime's own forms
    env: { THAW_TEST_ENGINE: 'tensorflow' },
    testTimeout: 60_000,
  },
};

/** The engine's tests and the families' once more, on onnxruntime's WebAssembly build. */
const wasm = {
  test: {
    name: 'wasm',
    deps,
    include: ['test/core/engine/**/*.test.ts', 'test/core/models/families.test.ts'],
    exclude: ['test/core/engine/blocked.test.ts', '**/*.slow.test.ts'], // kernels that it lacks
    env: { THAW_ONNX: 'web' },
    testTimeout: 60_000,
  },
};
const hasWasm = existsSync(new URL('node_modules/onnxruntime-web', import.meta.url));
const hasTensorflow = existsSync(new URL('.tensorflow', import.meta.url));

/** `unit` runs in a minute or two; `slow` trains and kills processes. The workbench's tests stand apart (test/workbench). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          deps,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.slow.test.ts', 'test/workbench/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'slow',
          deps,
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

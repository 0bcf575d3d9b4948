import { defineConfig } from 'vitest/config';
import { deps } from '../../vitest.config.mjs';

/** A real VS Code with the packed extension in it; `npm run package` comes first. */
export default defineConfig({
  test: {
    name: 'workbench',
    deps,
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/workbench/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    // Each test goes on from where the one before it left the window.
    bail: 0,
  },
});

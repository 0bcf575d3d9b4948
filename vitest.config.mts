import { defineConfig } from 'vitest/config';

/** `unit` runs in a minute or two; `slow` trains and kills processes. The workbench's tests stand apart (test/workbench). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.slow.test.ts', 'test/workbench/**'],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'slow',
          include: ['test/**/*.slow.test.ts'],
          exclude: ['test/workbench/**'],
          testTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

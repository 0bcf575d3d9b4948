import * as z from 'zod';

/** When this bundle began to load. */
export const began = performance.now();

// A schema must not try whether code may be generated: the try costs time, and VS Code complains of what it touches.
z.config({ jitless: true });

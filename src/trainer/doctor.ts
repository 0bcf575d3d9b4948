import { availableParallelism, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { availableEngines } from '../core/engine';
import { modelsFolder } from '../core/weights';
import type { Doctor } from '../protocol/assistant';
import { defaultRunsFolder } from '../protocol/paths';

/** What this machine offers; `memory` in bytes. */
export async function examine(): Promise<Doctor> {
  return {
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    threads: availableParallelism(),
    memory: totalmem(),
    engines: await availableEngines(),
    folders: { models: modelsFolder(), runs: path.resolve(defaultRunsFolder), temporary: tmpdir() },
  };
}

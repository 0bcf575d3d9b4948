import { availableParallelism, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { measureEngines } from '../core/engine/measure';
import { tensorflowFolder } from '../core/engine/tensorflow/runtime';
import { modelsFolder } from '../core/weights';
import { hubSettings } from '../core/weights/hub';
import type { Doctor } from '../protocol/assistant';
import { defaultRunsFolder } from '../protocol/paths';

/** What this machine offers, and how fast it is; `memory` in bytes. Takes some seconds. */
export async function examine(): Promise<Doctor> {
  const tensorflow = tensorflowFolder();
  return {
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    threads: availableParallelism(),
    memory: totalmem(),
    engines: await measureEngines(),
    folders: {
      models: modelsFolder(),
      cache: hubSettings().cache,
      ...(tensorflow && { tensorflow }),
      runs: path.resolve(defaultRunsFolder),
      temporary: tmpdir(),
    },
  };
}

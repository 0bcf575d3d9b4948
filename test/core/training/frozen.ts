import { join } from 'node:path';
import { expect } from 'vitest';
import type { NamedTensors, TensorData } from '../../../src/core/engine';
import { readSafetensors } from '../../../src/core/weights';
import { matches } from '../../../src/protocol/rules';
import type { RunConfig } from '../../../src/protocol/runConfig';
import { begin, finished, of } from './harness';

/** That of a run's tensors those change which its first rules let learn, and no byte of any other. */
export async function expectFrozen(config: RunConfig): Promise<void> {
  const rules = config.phases[0]?.rules ?? [];
  const { events, folder } = await finished(config);
  const report = of(events, 'finished')[0]?.report;
  expect(report?.frozen.identical).toBe(true);
  // The first values are a function of the seed, so a run that stops before its first step still has them.
  const untouched = await begin(config);
  untouched.handle.stop();
  await untouched.handle.done;
  const before = await readSafetensors(join(untouched.folder, 'model', 'model.safetensors'));
  const after = await readSafetensors(join(folder, 'model', 'model.safetensors'));
  const changed = changedNames(before, after);
  const learns = (name: string) => rules.reduce((on, rule) => (matches(rule.replace(/^!/, ''), name) ? !rule.startsWith('!') : on), false);
  const free = (name: string) =>
    learns(name) || (/running_/.test(name) && ['weight', 'bias'].some((k) => learns(name.replace(/running_.*/, k))));
  expect(changed.sort()).toEqual([...after.keys()].filter(free).sort());
  expect(report?.frozen.count).toBe(after.size - changed.length);
}

/** Of those tensors whose bytes differ. */
export function changedNames(before: NamedTensors, after: NamedTensors): string[] {
  return [...after].filter(([name, { data }]) => Buffer.compare(bytes(data), bytes(before.get(name)?.data)) !== 0).map(([name]) => name);
}

const bytes = (data?: TensorData['data']) => new Uint8Array(data?.buffer ?? new ArrayBuffer(0), data?.byteOffset, data?.byteLength);

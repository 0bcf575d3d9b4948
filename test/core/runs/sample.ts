import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parseRunConfig } from '../../../src/core/runs';
import type { RunEventBody } from '../../../src/protocol/events';
import type { RunRecord } from '../../../src/protocol/runConfig';

/** A folder that goes when the test is over. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'thaw-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export const sampleConfig = parseRunConfig({ data: { path: '/photos/ants' }, phases: [{ epochs: 3, learningRate: 0.01, rules: ['**'] }] });

export const sampleRecord: RunRecord = {
  version: 1,
  id: 'ants-2026-01-02-030405',
  created: '2026-01-02T03:04:05.000Z',
  config: sampleConfig,
  dataFingerprint: 'f',
  classes: ['a', 'b'],
  model: { id: 'convnet_small', family: 'convnet', source: 'scratch', licence: 'MIT', sha256: null },
  versions: { node: '20' },
  threads: 1,
  device: 'cpu',
};

export const stepBody = (step: number): RunEventBody => ({
  type: 'step',
  step,
  epoch: 1,
  totalSteps: 9,
  loss: 1 / step,
  accuracy: 0.5,
  learningRate: 0.01,
  examplesPerSecond: 10,
  memoryBytes: 1,
});

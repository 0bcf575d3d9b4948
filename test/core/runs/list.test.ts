import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { listRuns, liveProcess, newRunFolder, RunFolder, removeProcess, writeProcess } from '../../../src/core/runs';
import { sampleRecord, stepBody, temporaryFolder } from './sample';

test('names of run folders are safe and new', () => {
  const folder = temporaryFolder();
  const now = new Date(2026, 10, 23, 14, 30, 12);
  expect(basename(newRunFolder(folder, 'Vehicles', now))).toBe('vehicles-2026-11-23-143012');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => {
      expect(basename(newRunFolder(folder, name, now))).toMatch(/^[\p{L}\p{N}-]+-2026-11-23-143012$/u);
    }),
  );
  mkdirSync(newRunFolder(folder, 'a', now));
  expect(basename(newRunFolder(folder, 'a', now))).toBe('a-2026-11-23-143012-2');
});

test('runs are listed with their state; one that cannot be read does not hide the others', async () => {
  const folder = temporaryFolder();
  const run = await RunFolder.create(join(folder, 'one'), sampleRecord);
  run.append({ type: 'started', run: run.path, config: sampleRecord.config });
  for (let i = 1; i <= 2000; i++) run.append(stepBody(i)); // more than the tail that is read
  run.close();
  mkdirSync(join(folder, 'broken'));
  writeFileSync(join(folder, 'broken', 'run.json'), '{');
  mkdirSync(join(folder, 'not a run'));
  const runs = await listRuns(folder);
  expect(runs.map((r) => r.id).sort()).toEqual(['ants-2026-01-02-030405', 'broken']);
  expect(runs.find((r) => r.id !== 'broken')).toMatchObject({ state: 'ended', epoch: 1, epochs: 3, dataName: 'ants' });
  await writeProcess(run.path, '');
  expect((await listRuns(folder)).find((r) => r.id !== 'broken')?.state).toBe('training');
  expect(await listRuns(join(folder, 'absent'))).toEqual([]);
});

test('a run of texts is known by the perplexity that its last epoch had', async () => {
  const folder = temporaryFolder();
  const data = { ...sampleRecord.config.data, task: 'causal-lm' as const };
  const run = await RunFolder.create(join(folder, 'tales'), { ...sampleRecord, classes: [], config: { ...sampleRecord.config, data } });
  const scores = { loss: Math.log(12), accuracy: 0.25 };
  run.append({ type: 'epoch', epoch: 1, step: 1, seconds: 1, train: scores, validation: { loss: Math.log(14), accuracy: 0.2 } });
  run.close();
  const [found] = await listRuns(folder);
  expect(found).toMatchObject({ accuracy: 0.2, figure: { measure: 'perplexity', perplexity: expect.closeTo(14, 9) } });
});

test('a process counts as alive while it is there and listens', async () => {
  const folder = temporaryFolder();
  expect(await liveProcess(folder)).toBeNull();
  const address = join(folder, 's');
  const server = createServer((socket) => socket.end()).listen(address);
  await writeProcess(folder, address);
  expect((await liveProcess(folder))?.pid).toBe(process.pid);
  await new Promise((resolve) => server.close(resolve));
  expect(await liveProcess(folder)).toBeNull(); // the number lives, but nobody listens: another process has it now
  await removeProcess(folder);
  expect(await liveProcess(folder)).toBeNull();
});

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RunFolder, readRun } from '../../../src/core/runs';
import { parseEvents } from '../../../src/core/runs/eventLog';
import { sampleRecord, stepBody, temporaryFolder } from './sample';

const failure = (code: string) => expect.objectContaining({ failure: expect.objectContaining({ code }) });
const files = new Map([['model.safetensors', new Uint8Array([1, 2, 3])]]);

async function fresh(): Promise<RunFolder> {
  return RunFolder.create(join(temporaryFolder(), 'run'), sampleRecord);
}

test('events are numbered from 1 without gaps, and go on after opening again', async () => {
  const run = await fresh();
  for (let i = 1; i <= 3; i++) expect(run.append(stepBody(i)).seq).toBe(i);
  run.close();
  const again = await RunFolder.open(run.path);
  expect(again.append(stepBody(4)).seq).toBe(4);
  expect((await readRun(run.path)).events.map((e) => e.seq)).toEqual([1, 2, 3, 4]);
  again.close();
});

test('wherever the last line is torn, the lines before it are kept and the next one fits', () => {
  const lines = [1, 2, 3].map((seq) => `${JSON.stringify({ seq, time: 1, ...stepBody(seq) })}\n`);
  const whole = Buffer.from(lines.join(''));
  const twoLines = lines[0]!.length + lines[1]!.length;
  fc.assert(
    fc.property(fc.integer({ min: twoLines, max: whole.length - 1 }), fc.uint8Array({ maxLength: 5 }), (cut, noise) => {
      const clean = noise.filter((byte) => byte !== 0x0a);
      const { events, length } = parseEvents(Buffer.concat([whole.subarray(0, cut), clean]), 'x');
      expect(events.length).toBe(2);
      expect(length).toBe(twoLines);
    }),
  );
});

test('a torn last line is cut off on opening; a damaged one in the middle is named', async () => {
  const run = await fresh();
  run.append(stepBody(1));
  run.close();
  const path = join(run.path, 'events.ndjson');
  appendFileSync(path, '{"seq":2,"ti');
  const again = await RunFolder.open(run.path);
  again.append(stepBody(2));
  again.close();
  expect((await readRun(run.path)).events.length).toBe(2);
  writeFileSync(path, readFileSync(path, 'utf8').replace('{', '['));
  await expect(RunFolder.open(run.path)).rejects.toThrow(failure('run.corrupt'));
});

test('events after a number can be taken back', async () => {
  const run = await fresh();
  for (let i = 1; i <= 5; i++) run.append(stepBody(i));
  run.truncateAfter(2);
  expect(run.append(stepBody(9)).seq).toBe(3);
  expect(run.events().map((e) => (e.type === 'step' ? e.step : 0))).toEqual([1, 2, 9]);
  run.truncateAfter(100);
  expect(run.seq).toBe(3);
  run.close();
});

test('a folder that vanishes is an error, not silence', async () => {
  const run = await fresh();
  run.append(stepBody(1));
  rmSync(run.path, { recursive: true });
  expect(() => run.append(stepBody(2))).toThrow(/ENOENT/);
  run.close();
});

test('a new run wants a new or empty folder', async () => {
  const folder = temporaryFolder();
  const run = await RunFolder.create(folder, sampleRecord);
  run.close();
  await expect(RunFolder.create(folder, sampleRecord)).rejects.toThrow(failure('run.exists'));
  await expect(RunFolder.open(join(folder, 'nothing'))).rejects.toThrow(failure('run.missing'));
});

test('run.json from a newer version and a damaged one are told apart', async () => {
  const run = await fresh();
  run.close();
  const path = join(run.path, 'run.json');
  writeFileSync(path, JSON.stringify({ ...sampleRecord, version: 2, config: { surprise: 1 } }));
  await expect(RunFolder.open(run.path)).rejects.toThrow(failure('config.newer'));
  writeFileSync(path, '{"version":1,');
  await expect(RunFolder.open(run.path)).rejects.toMatchObject({ failure: { code: 'run.corrupt', path } });
});

test('the last two checkpoints and the best are kept', async () => {
  const run = await fresh();
  for (const step of [5, 10, 15, 20]) await run.writeCheckpoint(step, files, { step }, 10);
  expect(readdirSync(join(run.path, 'checkpoints')).sort()).toEqual(['step-10', 'step-15', 'step-20']);
  expect(await run.latestCheckpoint()).toMatchObject({ step: 20, state: { step: 20 } });
  expect(await run.checkpointOf(10)).toMatchObject({ step: 10 });
  expect(await run.checkpointOf(5)).toBeNull();
  run.close();
});

test('writing a step again replaces it, and until then the first one serves', async () => {
  const run = await fresh();
  const path = await run.writeCheckpoint(5, files, { turn: 1 }, null);
  await run.writeCheckpoint(5, files, { turn: 2 }, null);
  expect(await run.latestCheckpoint()).toMatchObject({ state: { turn: 2 } });
  expect(existsSync(`${path}.old`)).toBe(false);
  mkdirSync(`${path}.tmp`);
  expect(await run.latestCheckpoint()).toMatchObject({ state: { turn: 2 } });
  run.close();
});

test('a broken checkpoint is passed over for the one before', async () => {
  const run = await fresh();
  await run.writeCheckpoint(5, files, {}, null);
  const newer = await run.writeCheckpoint(10, files, {}, null);
  truncateSync(join(newer, 'model.safetensors'), 1);
  expect(await run.latestCheckpoint()).toMatchObject({ step: 5 });
  rmSync(newer, { recursive: true });
  expect(await run.latestCheckpoint()).toMatchObject({ step: 5 });
  run.close();
});

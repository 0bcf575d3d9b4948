import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { RunFolder } from '../../src/core/runs';
import { ThawError } from '../../src/protocol/failure';
import { claim } from '../../src/trainer/claim';
import { sampleRecord, temporaryFolder } from '../core/runs/sample';

let folder: string;
let lock: string;
beforeEach(async () => {
  folder = join(temporaryFolder(), 'run');
  await RunFolder.create(folder, sampleRecord);
  lock = join(folder, 'process.lock');
});

/** The number of a process that has ended. */
const deadPid = () => spawnSync(process.execPath, ['-e', '']).pid;

test('a run is claimed, and the lock is gone', async () => {
  await claim(folder, '');
  expect(JSON.parse(readFileSync(join(folder, 'process.json'), 'utf8')).pid).toBe(process.pid);
  expect(existsSync(lock)).toBe(false);
});

test('a process that was killed in the act does not keep the next one waiting', async () => {
  writeFileSync(lock, String(deadPid()));
  await claim(folder, '');
  expect(existsSync(lock)).toBe(false);
});

test('a living one does, and keeps its lock', async () => {
  writeFileSync(lock, String(process.ppid));
  const error = await claim(folder, '').catch((thrown: unknown) => thrown);
  expect((error as ThawError).failure.code).toBe('run.busy');
  expect(readFileSync(lock, 'utf8')).toBe(String(process.ppid));
});

test('of several at once one gets it', async () => {
  const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claim(folder, '')));
  expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of claims) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ThawError);
});

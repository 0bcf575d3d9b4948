import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { installTensorflow } from '../../src/host/tensorflowProcess';
import { temporaryFolder, until } from './fakes';

/** Runs a script in place of dist/trainer.js. */
function installing(script: string) {
  const folder = temporaryFolder();
  const file = path.join(folder, 'trainer.cjs');
  writeFileSync(file, `const say = (message) => process.send(message); const fs = require('node:fs');\n${script}`);
  const settings = { script: file, modelsFolder: '', tensorflowFolder: path.join(folder, 'tensorflow'), l10nBundle: '' };
  const controller = new AbortController();
  const stages: string[] = [];
  const log: string[] = [];
  const options = { signal: controller.signal, stage: (text: string) => stages.push(text), log: (line: string) => log.push(line) };
  return { folder, stages, log, controller, end: installTensorflow(settings.tensorflowFolder, settings, options) };
}

it('names the folder, passes on what the process says, and ends with it', async () => {
  const { folder, end, stages, log } = installing(`
    fs.writeFileSync(process.argv[3], [process.argv[2], process.env.THAW_TENSORFLOW].join(' '));
    say({ type: 'stage', text: 'Fetching…' }); say({ type: 'log', line: 'added 80 packages' }); console.error('a warning');
    say({ type: 'done' }); process.disconnect();`);
  await end;
  const target = path.join(folder, 'tensorflow');
  expect(readFileSync(target, 'utf8')).toContain(`setup-tensorflow ${target}`);
  expect(stages).toEqual(['Fetching…']);
  expect([...log].sort()).toEqual(['Fetching…', 'a warning', 'added 80 packages']);
});

it('rejects with the cause that the process names', async () => {
  const failure = { code: 'engine.missing', message: 'npm was not found.', hint: 'Install it.', detail: 'ENOENT' };
  const { end } = installing(`say({ type: 'failed', failure: ${JSON.stringify(failure)} }); process.disconnect();`);
  await expect(end).rejects.toMatchObject({ failure });
});

it('rejects when the process says nothing', async () => {
  await expect(installing('process.exit(7)').end).rejects.toMatchObject({
    failure: { code: 'process.died', message: expect.stringContaining('7') },
  });
});

it('when it is cancelled, waits until the process has cleaned up', async () => {
  const { folder, end, stages, controller } = installing(`
    process.on('disconnect', () => setTimeout(() => { fs.writeFileSync(process.argv[3] + '-clean', ''); process.exit(); }, 100));
    say({ type: 'stage', text: 'Fetching…' });`);
  await until(() => stages.length === 1);
  controller.abort();
  await expect(end).rejects.toMatchObject({ failure: { code: 'interrupted' } });
  expect(existsSync(path.join(folder, 'tensorflow-clean'))).toBe(true);
});

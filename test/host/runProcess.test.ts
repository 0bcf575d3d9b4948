import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Launching, launchRun } from '../../src/host/runProcess';
import { config, temporaryFolder, until } from './fakes';

/** Runs a script in place of dist/trainer.js. */
function launching(script: string, mode: 'begin' | 'resume' = 'begin', more: Launching = {}) {
  const folder = temporaryFolder();
  const file = path.join(folder, 'trainer.cjs');
  writeFileSync(file, script);
  const settings = { script: file, modelsFolder: '/models', tensorflowFolder: '/tensorflow', l10nBundle: '/l10n.json' };
  return { folder, address: launchRun(mode === 'begin' ? { mode, folder, config } : { mode, folder }, settings, more) };
}

describe('launchRun', () => {
  it('passes the configuration, waits for the address, and lets the process live on', async () => {
    const { folder, address } = launching(`
      let text = '';
      process.stdin.on('data', (part) => (text += part)).on('end', () => {
        const fs = require('node:fs'), folder = process.argv[3];
        fs.writeFileSync(folder + '/seen.json', JSON.stringify({ text, argv: process.argv.slice(2), models: process.env.THAW_MODELS, l10n: process.env.THAW_L10N }));
        console.log(JSON.stringify({ ready: { folder, address: 'here' } }));
        setTimeout(() => { console.log('more'); console.error('more'); fs.writeFileSync(folder + '/later', ''); }, 200);
      });`);
    await expect(address).resolves.toBe('here');
    const seen = JSON.parse(readFileSync(path.join(folder, 'seen.json'), 'utf8')) as Record<string, string>;
    expect(JSON.parse(seen.text ?? '')).toEqual(config);
    expect(seen).toMatchObject({ argv: ['begin', folder], models: '/models', l10n: '/l10n.json' });
    await until(() => existsSync(path.join(folder, 'later')), 'its survival');
  });

  it('rejects with the failure that the process names', async () => {
    const failure = { code: 'run.busy', message: 'Busy.', hint: 'Wait.' };
    const { address } = launching(`console.log(JSON.stringify({ failure: ${JSON.stringify(failure)} })); process.exitCode = 1;`, 'resume');
    await expect(address).rejects.toMatchObject({ failure });
  });

  it('rejects with code and stderr when the process says nothing', async () => {
    const { address } = launching(`process.stderr.write('no such module'); process.exit(7);`);
    await expect(address).rejects.toMatchObject({
      failure: { code: 'process.died', message: expect.stringContaining('7'), detail: 'no such module' },
    });
  });

  it('rejects with what the process says where that is none of its lines', async () => {
    const { address } = launching(`console.log('Segmentation fault'); setTimeout(() => {}, 1000);`);
    await expect(address).rejects.toMatchObject({
      failure: { code: 'process.died', message: expect.stringContaining('Segmentation fault') },
    });
  });

  it('hears how far the preparation is before the address, whole lines or not', async () => {
    const heard: unknown[] = [];
    const { address } = launching(
      `
      const lines = [{ prepared: { done: 10, total: null } }, { prepared: { done: 3, total: 7 } }, { ready: { folder: '', address: 'here' } }];
      const text = lines.map((line) => JSON.stringify(line) + '\\n').join('');
      process.stdout.write(text.slice(0, 20), () => setTimeout(() => process.stdout.write(text.slice(20)), 30));`,
      'begin',
      { onPrepared: (prepared) => heard.push(prepared) },
    );
    await expect(address).resolves.toBe('here');
    expect(heard).toEqual([
      { done: 10, total: null },
      { done: 3, total: 7 },
    ]);
  });

  it('can be given up', async () => {
    const controller = new AbortController();
    const { address } = launching('setInterval(() => {}, 1000);', 'resume', { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    await expect(address).rejects.toMatchObject({ failure: { code: 'interrupted' } });
  });
});

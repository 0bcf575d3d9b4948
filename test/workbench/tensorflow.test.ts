import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNot } from './install';
import { packedExtension } from './packed';
import { until } from './until';
import { Window } from './window';
import { World } from './world';

const reason = whyNot();

describe.skipIf(reason)(`An engine that does not come with the extension${reason ? ` (${reason})` : ''}`, () => {
  let world: World;
  let window: Window;

  beforeAll(async () => {
    world = await World.start({
      vsix: packedExtension(),
      fill: (folder) => {
        cpSync('samples/vehicles', `${folder}/vehicles`, { recursive: true });
        mkdirSync(`${folder}/.vscode`);
        writeFileSync(`${folder}/.vscode/settings.json`, JSON.stringify({ 'thaw.engine': 'tensorflow' }));
      },
    });
    window = new Window(await world.open());
    await window.ready();
  });
  afterAll(() => world?.close());

  it('is offered where a run fails without it, and is not fetched before somebody agrees', async () => {
    await window.fineTune('vehicles');
    const start = window.tab.getByRole('button', { name: 'Start training' });
    await until('Start training can be pressed', () => start.isEnabled(), 60_000);
    await start.click();
    const failure = window.tab.getByRole('region', { name: 'Training', exact: true }).getByRole('alert');
    await failure.waitFor({ timeout: 60_000 });
    expect(await failure.textContent()).toContain('TensorFlow is not installed.');
    await failure.getByRole('button', { name: 'Install TensorFlow…' }).click();
    const question = window.page.getByRole('dialog', { name: /Install the TensorFlow engine/ });
    await question.waitFor();
    expect(await question.textContent()).toContain('1.1 GB');
    await window.picture('tensorflow - dark');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'hidden' });
    expect(await window.notifications().count()).toBe(0);
  });
});

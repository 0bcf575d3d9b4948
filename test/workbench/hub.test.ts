import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoopbackHub } from '../core/weights/hub/loopbackHub';
import { smallModel } from '../core/weights/hub/world';
import { pictureFailures } from './failures';
import { whyNot } from './install';
import { packedExtension } from './packed';
import { until } from './until';
import { Window } from './window';
import { World } from './world';

const reason = whyNot();

/** Change model…, On the hub…: from a name to a model that is here, with a hub on loopback. */
describe.skipIf(reason)(`A model of the hub in the workbench${reason ? ` (${reason})` : ''}`, () => {
  let hub: LoopbackHub;
  let world: World;
  let window: Window;
  const region = (name: string): Locator => window.tab.getByRole('region', { name, exact: true });
  const pick = (): Locator => window.page.locator('.quick-input-widget');
  const row = (text: string): Locator => pick().locator('.monaco-list-row', { hasText: text });
  const changeModel = async () => {
    await window.tab.getByRole('button', { name: 'Change model…', exact: true }).click();
    await row('On the hub…').click();
  };

  beforeAll(async () => {
    hub = await LoopbackHub.start();
    const files = smallModel();
    hub.repos['timm/mobilenetv2_100.small'] = { files, downloads: 123456, licence: 'apache-2.0', library: 'timm' };
    hub.repos['timm/mobilenetv2_050.gated'] = { files, downloads: 99, licence: 'other', library: 'timm', gated: true };
    world = await World.start({
      vsix: packedExtension(),
      fill: (folder) => {
        cpSync('samples/vehicles', `${folder}/vehicles`, { recursive: true });
        mkdirSync(`${folder}/.vscode`);
        writeFileSync(`${folder}/.vscode/settings.json`, JSON.stringify({ 'thaw.hub.endpoint': hub.endpoint }));
      },
    });
    window = new Window(await world.open());
    await window.ready();
    await window.fineTune('vehicles');
    await region('Model').getByText('built in').waitFor();
  });
  pictureFailures('', () => ({ window, world }));
  afterAll(async () => {
    await world?.close();
    await hub?.stop();
  });

  it('asks the hub for nothing before somebody does', () => {
    expect(hub.seen).toEqual([]);
  });

  it('lists popular models with downloads and licence, and tells size and licence before anything is fetched', async () => {
    await changeModel();
    await row('timm/mobilenetv2_100.small').getByText('123,456 downloads · apache-2.0').waitFor();
    await window.picture('hub - popular');
    await row('timm/mobilenetv2_100.small').click();
    const dialog = window.page.locator('.monaco-dialog-box');
    await dialog.getByText('Download timm/mobilenetv2_100.small?').waitFor();
    await dialog.getByText('Licence: apache-2.0').waitFor();
    await window.picture('hub - before the download');
    // The header alone: no more than its first bytes.
    for (const { headers } of hub.asked('GET /store')) expect(headers.range).toMatch(/^bytes=0-/);
  });

  it('downloads it, shows it, and offers it as downloaded from then on', async () => {
    await window.page.locator('.monaco-dialog-box').getByRole('button', { name: 'Download', exact: true }).click();
    await region('Model').getByText('downloaded', { exact: true }).waitFor();
    await region('Model').getByText('Apache-2.0').waitFor();
    await window.picture('hub - downloaded');
    const cache = path.join(world.home, '.cache/huggingface/hub/models--timm--mobilenetv2_100.small');
    const [snapshot = ''] = readdirSync(path.join(cache, 'snapshots'));
    expect(existsSync(path.join(cache, 'snapshots', snapshot, 'model.safetensors'))).toBe(true);
    await window.tab.getByRole('button', { name: 'Change model…', exact: true }).click();
    await row('timm/mobilenetv2_100.small').waitFor();
    await window.picture('hub - change model');
    await window.page.keyboard.press('Escape');
  });

  it('says what a gated model asks for, and where a token goes', async () => {
    await changeModel();
    await row('timm/mobilenetv2_050.gated').click();
    await until('the refusal is told', async () =>
      (await window.notifications().allInnerTexts()).some((text) => text.includes('must first accept its terms')),
    );
    await window.picture('hub - gated');
    await window.notifications().getByRole('button', { name: 'Enter Token…' }).waitFor();
  });
});

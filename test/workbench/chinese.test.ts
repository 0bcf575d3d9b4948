import { cpSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { whyNot } from './install';
import { packedExtension } from './packed';
import { Window } from './window';
import { World } from './world';

const reason = whyNot();
const words = JSON.parse(readFileSync('l10n/bundle.l10n.zh-cn.json', 'utf8')) as Record<string, string>;

describe.skipIf(reason)(`In Simplified Chinese${reason ? ` (${reason})` : ''}`, () => {
  let world: World;
  let window: Window;
  beforeAll(async () => {
    world = await World.start({
      vsix: packedExtension(),
      language: 'zh-cn',
      fill: (folder) => cpSync('samples/vehicles', `${folder}/vehicles`, { recursive: true }),
    });
    window = new Window(await world.open());
    await window.ready();
  });
  afterAll(() => world?.close());

  it('the tab speaks it', async () => {
    await window.fineTune('vehicles', /Fine-Tune a Model on This Folder|用此文件夹微调模型/);
    await window.tab.getByRole('button', { name: words['Start training'], exact: true }).waitFor();
    await window.tab.getByRole('region', { name: words.Layers, exact: true }).waitFor();
    await window.picture('ready - Chinese');
  });
});

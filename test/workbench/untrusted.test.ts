import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNot } from './install';
import { packedExtension } from './packed';
import { Window } from './window';
import { World } from './world';

const reason = whyNot();

describe.skipIf(reason)(`A workspace that nobody trusts${reason ? ` (${reason})` : ''}`, () => {
  let world: World;
  let window: Window;
  beforeAll(async () => {
    world = await World.start({
      vsix: packedExtension(),
      trusted: false,
      fill: (folder) => cpSync('samples/vehicles', `${folder}/vehicles`, { recursive: true }),
    });
    window = new Window(await world.open());
    await window.ready();
  });
  afterAll(() => world?.close());

  it('can be looked at, and trains nothing', async () => {
    await window.fineTune('vehicles');
    await window.tab.locator('img').first().waitFor();
    await window.tab.getByText('Training needs a workspace that you trust.').waitFor();
    await window.tab.getByRole('button', { name: 'Manage workspace trust' }).waitFor();
    expect(await window.tab.getByRole('button', { name: 'Start training' }).count()).toBe(0);
    await window.picture('untrusted - dark');
    expect(existsSync(path.join(world.workspace, '.thaw'))).toBe(false);
  });
});

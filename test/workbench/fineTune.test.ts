import { cpSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seriousViolations } from './accessibility';
import { pictureFailures } from './failures';
import { whyNot } from './install';
import { packedExtension } from './packed';
import { until } from './until';
import { drop, isDrawn, Window } from './window';
import { World } from './world';

const reason = whyNot();

/** The way of UX.md's first gesture, from a folder to a model that answers; each test goes on where the last one stopped. */
describe.skipIf(reason)(`Fine-tuning in the workbench${reason ? ` (${reason})` : ''}`, () => {
  let world: World;
  let window: Window;
  const region = (name: string): Locator => window.tab.getByRole('region', { name, exact: true });
  const button = (name: string): Locator => window.tab.getByRole('button', { name, exact: true });
  const layer = (name: string): Locator => window.tab.getByRole('treeitem', { name, exact: true });
  const state = (): Locator => window.tab.getByRole('banner').getByRole('status');
  const runs = (): string => path.join(world.workspace, '.thaw/runs');
  const events = (): { type: string; step?: number; trainable?: string[] }[] => {
    const [run] = readdirSync(runs());
    const lines = readFileSync(path.join(runs(), run!, 'events.ndjson'), 'utf8')
      .trim()
      .split('\n');
    return lines.map((line) => JSON.parse(line) as { type: string });
  };

  beforeAll(async () => {
    world = await World.start({
      vsix: packedExtension(),
      fill: (folder) => cpSync('samples/vehicles', `${folder}/vehicles`, { recursive: true }),
    });
    window = new Window(await world.open());
    await window.ready();
  });
  pictureFailures('', () => ({ window, world }));
  afterAll(() => world?.close());

  it('opens a tab from the context menu of a folder', async () => {
    await window.fineTune('vehicles');
    await window.page.getByRole('tab', { name: 'vehicles' }).waitFor();
    await window.tab.getByRole('heading', { name: 'vehicles' }).waitFor();
  });

  it('shows thumbnails, counts and splits', async () => {
    await until('a picture is drawn', () => isDrawn(region('Data').locator('img')));
    for (const name of ['cars', 'trucks']) await region('Data').getByText(name, { exact: true }).first().waitFor();
    expect(await region('Data').getByText('80').count()).toBeGreaterThan(0);
  });

  it('freezes and thaws in the tab and in the side bar, in step', async () => {
    await window.activity('Thaw').click();
    const row = window.treeRow(/^blocks\.6/);
    const box = row.getByRole('checkbox');
    await box.waitFor();
    const inTab = layer('blocks.6');
    const checked = (value: string) => async () =>
      (await inTab.getAttribute('aria-checked')) === value && (await box.getAttribute('aria-checked')) === value;

    await inTab.getByRole('checkbox').click();
    await until('both show that it learns', checked('true'));
    await box.click();
    await until('both show that it is frozen', checked('false'));
  });

  it('has no serious accessibility violation before the start', async () => {
    expect(await seriousViolations(window.page)).toEqual([]);
    await window.picture('ready - dark');
  });

  it('starts, and the curve grows', async () => {
    await window.tab.getByRole('radio', { name: 'Top blocks' }).click();
    const epochs = region('Training').getByRole('textbox', { name: 'Epochs' });
    await epochs.fill('40');
    await epochs.press('Enter');
    await until('Start training can be pressed', () => button('Start training').isEnabled());
    await button('Start training').click();
    await until('an epoch is over', () => epochsShown(), 120_000);
    const before = await epochsShown();
    await until('the curve grows', async () => (await epochsShown()) > before, 60_000);
    await window.picture('training - dark');
  });

  it('freezes a layer while it runs', async () => {
    await unfold('Layers');
    const box = window.treeRow(/^conv_head/).getByRole('checkbox');
    expect(await layer('conv_head').getAttribute('aria-checked')).toBe('true');
    await layer('conv_head').getByRole('checkbox').click();
    await until('the run records it', () => events().some((event) => event.type === 'freeze'), 60_000);
    expect(await layer('conv_head').getAttribute('aria-checked')).toBe('false');
    expect(await box.getAttribute('aria-checked')).toBe('false');
    expect(await seriousViolations(window.page)).toEqual([]);
    await window.picture('toggled - dark');
  });

  it('goes on while the window reloads, and shows the whole history again', async () => {
    const before = await epochsShown();
    await window.page.reload({ waitUntil: 'commit' });
    await window.tab.getByRole('heading', { name: 'vehicles' }).waitFor({ timeout: 60_000 });
    await until('the history is back and goes on', async () => (await epochsShown()) > before, 60_000);
    expect(events().filter((event) => event.type === 'started' || event.type === 'resumed')).toHaveLength(1);
  });

  it('pauses and resumes', async () => {
    await button('Pause').click();
    await button('Resume').waitFor();
    await until('the run records it', () => events().at(-1)?.type === 'paused');
    await button('Resume').click();
    await button('Pause').waitFor();
  });

  it('finishes soon once only the head learns, and says how good it is', async () => {
    await unfold('Layers');
    await window.tab.getByRole('radio', { name: 'Head' }).click();
    await region('Result').waitFor({ timeout: 170_000 });
    await until('the state says so', async () => /Finished/.test((await state().textContent()) ?? ''));
    await region('Result').getByRole('table').first().waitFor();
    await button('Open run folder').first().waitFor();
    expect(await seriousViolations(window.page)).toEqual([]);
    await showResult();
    await window.picture('finished - dark');
  });

  it('answers about a picture that is dropped on it', async () => {
    await drop(
      region('Result').getByRole('group', { name: 'Drop a picture here' }),
      'truck.jpg',
      readFileSync('samples/vehicles/trucks/truck-40.jpg'),
    );
    await until(
      'the answer names a class',
      async () => (await region('Result').getByRole('list', { name: 'Probabilities' }).getByRole('meter').count()) === 2,
      60_000,
    );
    await window.picture('tried - dark');
  });

  it.each([
    ['Light Modern', 'light'],
    ['Dark High Contrast', 'high-contrast'],
    ['Light High Contrast', 'high-contrast-light'],
  ] as const)('is as accessible in %s', async (theme, kind) => {
    await window.useTheme(theme, kind);
    expect(await seriousViolations(window.page)).toEqual([]);
    await window.picture(`finished - ${theme}`);
  });

  it('asks no other machine for anything', () => expect(world.offsite).toEqual([]));

  async function showResult(): Promise<void> {
    await window.tab.getByRole('link', { name: 'Result' }).click();
  }

  async function unfold(name: string): Promise<void> {
    const fold = region(name).getByRole('button', { name, exact: true });
    if ((await fold.getAttribute('aria-expanded')) === 'false') await fold.click();
  }

  /** Epochs that the tab's table lists. */
  async function epochsShown(): Promise<number> {
    return region('Training').getByRole('table').getByRole('row').count();
  }
});

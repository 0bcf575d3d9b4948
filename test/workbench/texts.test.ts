import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seriousViolations } from './accessibility';
import { pictureFailures } from './failures';
import { whyNot } from './install';
import { packedExtension } from './packed';
import { until } from './until';
import { Window } from './window';
import { World } from './world';

const models = path.resolve('models');
const reason =
  whyNot() ?? (existsSync(path.join(models, 'all-MiniLM-L6-v2/model.safetensors')) ? undefined : 'needs `npm run models -- minilm`');

const subjects = ['The old telescope', 'A distant comet', 'The largest moon', 'Our nearest star', 'A small planet', 'The night sky'];
const seen = ['shone over the northern hills', 'was photographed at midnight', 'passed behind the ring', 'faded before dawn'];
const dishes = ['The onion soup', 'A loaf of rye bread', 'The lemon cake', 'Our tomato sauce', 'A pan of potatoes', 'The apple pie'];
const cooked = ['needs an hour in the oven', 'tastes better with butter', 'is served with fresh herbs', 'burnt at the edges'];
const ends = ['again', 'as every year', 'this evening', 'for our guests', 'without a sound'];
const harmful = '</script><img src=x onerror="alert(1)"> was seen through the telescope';

/** 240 letters on two topics, one of which would do harm if it were more than a text. */
function letters(): string {
  const of = (who: string[], what: string[], topic: string) =>
    who.flatMap((a) => what.flatMap((b) => ends.map((c) => `${a} ${b} ${c}.\t${topic}`)));
  const rows = of(subjects, seen, 'stars').flatMap((row, i) => [row, of(dishes, cooked, 'kitchen')[i] as string]);
  return `letter\ttopic\n${[...rows.slice(0, 4), `${harmful}\tstars`, ...rows.slice(4)].join('\n')}\n`;
}

/** From a table of texts to a model that answers; each test goes on where the last one stopped. */
describe.skipIf(reason)(`Fine-tuning on texts in the workbench${reason ? ` (${reason})` : ''}`, () => {
  let world: World;
  let window: Window;
  const region = (name: string): Locator => window.tab.getByRole('region', { name, exact: true });
  const button = (name: string): Locator => window.tab.getByRole('button', { name, exact: true });
  const table = (): Locator => window.tab.getByRole('treegrid', { name: 'Texts' });
  const counted = async (): Promise<number> => Number(await table().getAttribute('aria-rowcount')) - 1;
  const field = (name: string): Locator => region('Training').getByRole('textbox', { name, exact: true });
  const runs = (): string[] =>
    readdirSync(path.join(world.workspace, '.thaw/runs')).map((name) => path.join(world.workspace, '.thaw/runs', name));

  beforeAll(async () => {
    world = await World.start({
      vsix: packedExtension(),
      fill: (folder) => {
        writeFileSync(`${folder}/letters.tsv`, letters());
        // The server's own settings are another machine's: those of the workspace count on both.
        mkdirSync(`${folder}/.vscode`);
        writeFileSync(`${folder}/.vscode/settings.json`, JSON.stringify({ 'thaw.modelsFolder': models }));
      },
    });
    window = new Window(await world.open());
    await window.ready();
  });
  pictureFailures('texts - ', () => ({ window, world }));
  afterAll(() => world?.close());

  /** Waits for the result; a failure is told with its words. */
  async function finished(): Promise<void> {
    const alert = region('Training').getByRole('alert');
    await region('Result').or(alert).first().waitFor({ timeout: 170_000 });
    if (await alert.count()) throw new Error(`The run failed: ${await alert.first().textContent()}`);
  }

  it('opens a tab from the context menu of a table, and shows its rows, classes and model', async () => {
    await window.fineTune('letters.tsv');
    await table().getByText('The old telescope shone over the northern hills again.').waitFor();
    for (const name of ['stars', 'kitchen']) await region('Data').getByText(name, { exact: true }).first().waitFor();
    await region('Model').getByText('all-MiniLM-L6-v2').waitFor({ timeout: 60_000 });
    await until('all rows are counted', async () => (await counted()) === 241);
  });

  it('shows a text with markup as a text', async () => {
    await table().getByText(harmful).waitFor();
    expect(await window.tab.locator('img[src=x]').count()).toBe(0);
  });

  it('filters by class and words, and opens a row to its tokens', async () => {
    await window.tab.getByRole('combobox', { name: 'Class' }).selectOption('kitchen');
    await until('only one class is left', async () => (await counted()) === 120);
    await window.tab.getByRole('textbox', { name: 'Search texts' }).fill('rye bread');
    await until('only those with the words are left', async () => (await counted()) === 20);
    await table().focus();
    await window.page.keyboard.press('Enter');
    await table().getByRole('list', { name: 'Tokens' }).getByText('[CLS]').waitFor();
    expect(await seriousViolations(window.page)).toEqual([]);
    await window.picture('texts - filtered - dark');
    await window.tab.getByRole('textbox', { name: 'Search texts' }).fill('');
    await window.tab.getByRole('combobox', { name: 'Class' }).selectOption('');
    await until('all are there again', async () => (await counted()) === 241);
  });

  it('takes another column for the label, and says what is wrong with it', async () => {
    await button('Text classification Text: letter · Label: topic').click();
    await window.tab.getByRole('combobox', { name: 'Label', exact: true }).selectOption('letter');
    await region('Data').getByRole('alert').waitFor(); // every letter a class of its own, or the topics as texts
    await window.picture('texts - refused - dark');
    await window.tab.getByRole('combobox', { name: 'Label', exact: true }).selectOption('topic');
    await until('the table is back', async () => (await region('Data').getByRole('alert').count()) === 0);
  });

  it('learns a head, and says how good it is on texts that it never saw', async () => {
    for (const [name, value] of [
      ['Epochs', '8'],
      ['Learning rate', '0.01'],
    ] as const) {
      await field(name).fill(value);
      await field(name).press('Enter');
    }
    await until('Start training can be pressed', () => button('Start training').isEnabled(), 60_000);
    await window.picture('texts - ready - dark');
    await button('Start training').click();
    await finished();
    const [run] = runs();
    const report = JSON.parse(readFileSync(path.join(run as string, 'report.json'), 'utf8')) as { test: { accuracy: number } };
    expect(report.test.accuracy).toBeGreaterThan(0.9);
  });

  it('answers about a text that is typed', async () => {
    await region('Result').getByRole('textbox', { name: 'Text to try' }).fill('Add salt and let the carrots simmer.');
    await until(
      'it says kitchen',
      async () => (await region('Result').getByRole('list', { name: 'Probabilities' }).locator('.top').textContent())?.includes('kitchen'),
      60_000,
    );
    expect(await seriousViolations(window.page)).toEqual([]);
    await window.picture('texts - tried - dark');
  });

  it.each([
    ['Light Modern', 'light'],
    ['Dark High Contrast', 'high-contrast'],
  ] as const)('is as accessible in %s', async (theme, kind) => {
    await window.useTheme(theme, kind);
    expect(await seriousViolations(window.page)).toEqual([]);
    await window.picture(`texts - tried - ${theme}`);
  });

  it('learns with LoRA', async () => {
    const fold = region('Layers').getByRole('button', { name: 'Layers', exact: true });
    if ((await fold.count()) > 0 && (await fold.getAttribute('aria-expanded')) === 'false') await fold.click();
    await window.tab.getByRole('radio', { name: 'LoRA' }).click();
    await until(
      'adapters stand in the tree',
      async () => (await window.tab.getByRole('radio', { name: 'LoRA' }).getAttribute('aria-checked')) === 'true',
      60_000,
    );
    await window.tab
      .getByRole('button', { name: 'Settings', exact: true })
      .or(window.tab.getByRole('tab', { name: 'Settings' }))
      .first()
      .click();
    await field('Epochs').fill('2');
    await field('Epochs').press('Enter');
    await button('Start training').click();
    await until(
      'another run has finished',
      () => runs().length === 2 && runs().every((run) => existsSync(path.join(run, 'report.json'))),
      170_000,
    );
    expect(runs().some((run) => existsSync(path.join(run, 'adapter')))).toBe(true);
    await finished();
    await window.picture('texts - LoRA');
  });

  it('asks no other machine for anything', () => expect(world.offsite).toEqual([]));
});

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
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

const checkpoint = path.resolve('../shared/real/stories260K');
const reason = whyNot() ?? (existsSync(checkpoint) ? undefined : 'needs the checkpoint stories260K');

const children = ['Lily', 'Tom', 'Ben', 'Sue', 'Anna', 'Max'];
const things = ['a big red ball', 'a small blue bird', 'an old brown dog', 'a shiny toy car'];
const stories = children.flatMap((name) =>
  things.map(
    (thing) =>
      `Once upon a time, there was a child named ${name}. ${name} liked to play in the park. One day, ${name} saw ${thing}. ` +
      `${name} was very happy and ran home. Mom smiled and said, "What a nice day, ${name}!"`,
  ),
);

/** From a folder of stories to a model that goes on telling them. */
describe.skipIf(reason)(`Writing in the workbench${reason ? ` (${reason})` : ''}`, () => {
  let world: World;
  let window: Window;
  let models: string;
  const region = (name: string): Locator => window.tab.getByRole('region', { name, exact: true });

  beforeAll(async () => {
    models = mkdtempSync(path.join(os.tmpdir(), 'thaw-models-'));
    const [weights, tokenizer] = ['stories260K.bin', 'tok512.bin'].map((name) => path.join(checkpoint, name)) as [string, string];
    execFileSync(process.execPath, ['scripts/llama2c.mjs', weights, path.join(models, 'stories260K'), tokenizer]);
    world = await World.start({
      vsix: packedExtension(),
      fill: (folder) => {
        for (const name of ['stories', '.vscode']) mkdirSync(`${folder}/${name}`);
        for (const [i, story] of stories.entries()) writeFileSync(`${folder}/stories/${i}.txt`, story);
        writeFileSync(`${folder}/.vscode/settings.json`, JSON.stringify({ 'thaw.modelsFolder': models }));
      },
    });
    window = new Window(await world.open());
    await window.ready();
  });
  pictureFailures('writing - ', () => ({ window, world }));
  afterAll(async () => {
    await world?.close();
    rmSync(models, { recursive: true, force: true });
  });

  it('shows a folder of texts, with a model that can go on from them', async () => {
    await window.fineTune('stories');
    await window.tab.getByRole('treegrid', { name: 'Texts' }).getByText('Once upon a time').first().waitFor();
    await region('Model').getByText('stories260K').waitFor({ timeout: 60_000 });
    expect(await window.tab.getByRole('radio', { name: 'Head' }).count()).toBe(0); // its head is its embeddings
    await window.picture('writing - ready');
  });

  it('learns, and says how well it tells what it never saw', async () => {
    const start = window.tab.getByRole('button', { name: 'Start training', exact: true });
    const epochs = region('Training').getByRole('textbox', { name: 'Epochs' });
    await epochs.fill('2');
    await epochs.press('Enter');
    await until('Start training can be pressed', () => start.isEnabled(), 60_000);
    await start.click();
    const alert = region('Training').getByRole('alert');
    await region('Result').or(alert).first().waitFor({ timeout: 170_000 });
    if (await alert.count()) throw new Error(`The run failed: ${await alert.first().textContent()}`);
    await region('Result').getByText('perplexity on the locked test set').waitFor();
  });

  it('goes on from what is typed', async () => {
    await region('Result').getByRole('textbox', { name: 'Beginning of a text' }).fill('Once upon a time');
    await region('Result').getByRole('button', { name: 'Write', exact: true }).click();
    await region('Result')
      .getByText(/tokens\/s/)
      .waitFor({ timeout: 60_000 });
    const written = await region('Result').getByRole('group', { name: 'What the model writes' }).textContent();
    expect(written).toMatch(/^Once upon a time.{100,}/s);
    expect(await seriousViolations(window.page)).toEqual([]);
    await window.picture('writing - written');
  });

  it('asks no other machine for anything', () => expect(world.offsite).toEqual([]));
});

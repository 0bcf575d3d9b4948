import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { expect, it } from 'vitest';
import { tinyModel } from '../core/training/tinyTexts';
import { adapterFolder } from '../core/weights/adapter/adapters';
import { until } from './until';
import type { Window } from './window';
import type { World } from './world';

/** Runs in the page. */
function isInView(element: { getBoundingClientRect: () => { top: number; bottom: number } }): boolean {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= (globalThis as unknown as { innerHeight: number }).innerHeight;
}

const sentences = Array.from({ length: 40 }, (_, i) => `the text number ${i} of all`);
const harmful = '</script><img src=x onerror="alert(1)">';

/** Files that nothing can be learned from as they are, and one that only looks so. */
export function writeBadTexts(workspace: string): void {
  const write = (name: string, content: string | Uint8Array) => writeFileSync(path.join(workspace, name), content);
  const table = (label: (i: number) => string) => ['text,label', ...sentences.map((text, i) => `${text},${label(i)}`)].join('\n');
  write('binary.csv', Buffer.from('\x89PNG\r\n\x1a\n\0\0\0\rIHDR', 'latin1'));
  write(
    'same.csv',
    table(() => 'good'),
  );
  write(
    'fine.csv',
    table((i) => (i % 2 ? 'good' : 'bad')),
  );
  const odd = sentences.map((text, i) => ({ text: i === 0 ? `${harmful} \ud83d \u0007 ${text}` : text, label: i % 3 }));
  write('odd.jsonl', odd.map((row) => JSON.stringify(row)).join('\n'));
}

/** A network whose tokenizer knows more words than it, and an adapter beside a base that it was not made for. */
export async function writeBadModels(folder: string): Promise<void> {
  await tinyModel(path.join(folder, 'unfit-bert'), 'bert', { config: { vocab_size: 8 } });
  const adapters = path.join(folder, 'adapters');
  adapterFolder('bert', adapters);
  await tinyModel(path.join(adapters, 'bert'), 'bert');
}

/** What a person gets to read: the file, the cause and the way out, in the tab. */
export function badTexts(world: () => World, window: () => Window, models: () => string): void {
  const region = (name: string): Locator => window().tab.getByRole('region', { name, exact: true });
  const button = (name: string): Locator => window().tab.getByRole('button', { name, exact: true });
  const rows = (): Locator => window().tab.getByRole('treegrid', { name: 'Texts' });
  const fileOf = (name: string): string => path.join(world().workspace, name);

  /** A failure in a region: what it says, and the file that it names. */
  async function told(where: string, file: string, ...parts: (string | RegExp)[]): Promise<void> {
    const box = region(where).getByRole('alert');
    await box.waitFor({ timeout: 60_000 });
    await box
      .getByRole('button', { name: file, exact: true })
      .or(box.getByRole('link', { name: file, exact: true }))
      .first()
      .waitFor();
    for (const part of parts) await box.getByText(part).waitFor();
    await until('it is in view', () => box.evaluate(isInView));
  }

  it('is a binary file named .csv', async () => {
    await window().fineTune('binary.csv');
    await told('Data', fileOf('binary.csv'), 'This data can’t be learned from as it is', /is not text/, /Choose a file of text/);
    expect(await button('Start training').isEnabled()).toBe(false);
    expect(await window().tab.getByRole('banner').getByRole('status').textContent()).toContain('Can’t start yet');
    await region('Model').getByText('One is proposed once the data can be read.').waitFor();
    await window().picture('bad - binary');
  });

  it('is a table of one label only, in which another column may be chosen', async () => {
    await window().fineTune('same.csv');
    await told('Data', fileOf('same.csv'), /one class only: good/, /two classes at least/);
    await window().picture('bad - one label');
    await button('Text classification Text: text · Label: label').waitFor();
  });

  it('is a task that wants a column more', async () => {
    await window().fineTune('fine.csv');
    await button('Text classification Text: text · Label: label').click();
    await window().tab.getByRole('combobox', { name: 'Task' }).selectOption('text-pair-classification');
    await told('Data', fileOf('fine.csv'), 'No column fits “Second text” of the task “Sentence pairs”.', /Choose a column for it/);
    await until('what was chosen before can be trained', () => button('Start training').isEnabled(), 60_000);
    await window().picture('bad - no column');
    await button('Leave it as it was').click();
    await until('the table is as it was', async () => (await region('Data').getByRole('alert').count()) === 0);
    await button('Text classification Text: text · Label: label').click();
  });

  it('is a model whose tokenizer belongs to another', async () => {
    await change('unfit-bert');
    await told('Model', path.join(models(), 'unfit-bert'), /the model only 8/, /put the tokenizer files of this very model/);
    expect(await button('Start training').isEnabled()).toBe(false);
    await window().picture('bad - tokenizer');
  });

  it('is an adapter for another base', async () => {
    const adapter = path.join(models(), 'adapters/bert-adapter');
    await change('Choose a folder…');
    const dialog = window().page.locator('.quick-input-widget');
    const input = dialog.locator('input[type=text]').first();
    await until('the dialog shows where it begins', async () => (await input.inputValue()).startsWith(world().workspace));
    // It goes on writing its own path for a moment.
    await until('the path is typed', async () => {
      await input.fill(`${adapter}/`);
      await window().page.waitForTimeout(300);
      return (await input.inputValue()) === `${adapter}/`;
    });
    await dialog.getByRole('button', { name: 'Use This Model' }).click();
    await told('Model', path.join(adapter, 'adapter_model.safetensors'), /A is \[4,24\]/, /Its adapter_config.json names/);
    await window().picture('bad - adapter');
    await change('tiny-bert');
    await region('Model').getByText('tiny-bert', { exact: true }).waitFor();
    await until('the model can be used', async () => (await region('Model').getByRole('alert').count()) === 0);
  });

  it('is a table that has changed since it was looked at', async () => {
    writeFileSync(fileOf('fine.csv'), ['text,kind', ...sentences.map((text, i) => `${text},${i % 2}`)].join('\n'));
    await button('Start training').click();
    await told('Training', fileOf('fine.csv'), /has no column label/, 'Its columns: text, kind.');
    await window().picture('bad - column gone');
  });

  it('is none in odd characters, markup and labels that are numbers', async () => {
    await window().fineTune('odd.jsonl');
    await rows().getByText(`${harmful} \ufffd \u2407 the text number 0 of all`).waitFor();
    expect(await window().tab.locator('img[src=x]').count()).toBe(0);
    await region('Data').getByText('The labels are numbers: 0, 1, 2.').waitFor();
    await region('Data').getByText('1 text has control characters or characters that could not be read.').waitFor();
    await until('it can be learned from', () => button('Start training').isEnabled(), 60_000);
    await rows().focus();
    await window().page.keyboard.press('Enter');
    await rows().getByRole('list', { name: 'Tokens' }).waitFor();
    await window().picture('odd characters');
  });

  async function change(model: string): Promise<void> {
    await button('Change model…').first().click();
    await window().page.locator('.quick-input-widget .monaco-list-row', { hasText: model }).first().click();
  }
}

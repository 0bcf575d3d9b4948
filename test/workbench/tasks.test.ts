import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/protocol/events';
import { seriousViolations } from './accessibility';
import { badTexts, writeBadModels, writeBadTexts } from './badTexts';
import { pictureFailures } from './failures';
import { whyNot } from './install';
import { writeLessons, writeModels } from './lessons';
import { packedExtension } from './packed';
import { until } from './until';
import { Window } from './window';
import { World } from './world';

const reason = whyNot();

interface Lesson {
  /** What is right-clicked. */
  readonly file: string;
  /** A text of its first rows. */
  readonly row: string;
  /** What the tab takes the columns for, where there are several. */
  readonly columns?: string;
  readonly model: string;
  /** Whether that is not the one that is proposed. */
  readonly chosen?: boolean;
  readonly epochs: number;
  readonly learningRate: number;
  /** What is typed into which boxes, the button that asks for a text to be written, and what the answer holds. */
  readonly attempt: { readonly typed: Readonly<Record<string, string>>; readonly press?: 'Write' | 'Send'; readonly answer: string };
}

const lessons: readonly Lesson[] = [
  {
    file: 'stories',
    row: 'once a fox went to the forest.',
    model: 'tiny-gpt2',
    epochs: 12,
    learningRate: 0.01,
    attempt: { typed: { 'Beginning of a text': 'once a bear went' }, press: 'Write', answer: 'home and was happy.' },
  },
  {
    file: 'chats.jsonl',
    row: 'where does the fox live? → the fox lives in the forest.',
    columns: 'Instructions and chats Messages: messages',
    model: 'tiny-llama',
    chosen: true,
    epochs: 20,
    learningRate: 0.01,
    attempt: { typed: { Message: 'tell me where the wolf lives.' }, press: 'Send', answer: 'the wolf lives in the mountains.' },
  },
  {
    file: 'pairs.csv',
    row: 'the fox never runs, and nobody is there.',
    columns: 'Sentence pairs Text: sentence1 · Second text: sentence2 · Label: label',
    model: 'tiny-bert',
    epochs: 36,
    learningRate: 0.003,
    attempt: {
      typed: { 'First text': 'the hare sings in the cave.', 'Second text': 'the hare never sings, and nobody is there.' },
      answer: 'contradicts',
    },
  },
  {
    file: 'translations.tsv',
    row: 'der kleine Fuchs rennt',
    columns: 'Text to text Source: source · Target: target',
    model: 'tiny-t5',
    epochs: 30,
    learningRate: 0.003,
    attempt: { typed: { Source: 'the old bear sleeps' }, press: 'Write', answer: 'der alte Bär schläft' },
  },
];

/** Every other task of texts, each from a right-click to an answer, on small networks that the test makes. */
describe.skipIf(reason)(`The tasks of texts in the workbench${reason ? ` (${reason})` : ''}`, () => {
  let models: string;
  let world: World;
  let window: Window;
  const region = (name: string): Locator => window.tab.getByRole('region', { name, exact: true });
  const button = (name: string): Locator => window.tab.getByRole('button', { name, exact: true });
  const written = (): Locator => region('Result').getByRole('group', { name: 'What the model writes' });
  const runOf = (file: string): string => {
    const runs = path.join(world.workspace, '.thaw/runs');
    return path.join(runs, readdirSync(runs).find((name) => name.includes(path.parse(file).name)) as string);
  };

  beforeAll(async () => {
    models = mkdtempSync(path.join(os.tmpdir(), 'thaw-models-'));
    await writeModels(models);
    await writeBadModels(models);
    world = await World.start({
      vsix: packedExtension(),
      fill: (folder) => {
        writeLessons(folder);
        writeBadTexts(folder);
        mkdirSync(`${folder}/.vscode`);
        writeFileSync(`${folder}/.vscode/settings.json`, JSON.stringify({ 'thaw.modelsFolder': models }));
      },
    });
    window = new Window(await world.open());
    await window.ready();
  });
  pictureFailures('tasks - ', () => ({ window, world }));
  afterAll(async () => {
    await world?.close();
    rmSync(models, { recursive: true, force: true });
  });

  /** What the host says meanwhile (the preset's learning rate, say) replaces what is typed: then once more. */
  async function set(name: string, value: number): Promise<void> {
    const field = region('Training').getByRole('textbox', { name, exact: true });
    await until(`${name} is ${value}`, async () => {
      await field.fill(String(value));
      await field.press('Enter');
      await window.page.waitForTimeout(300);
      return (await field.inputValue()) === String(value);
    });
  }

  /** Change model…, and the model by its name. */
  async function change(model: string): Promise<void> {
    await button('Change model…').click();
    await window.page.locator('.quick-input-widget .monaco-list-row', { hasText: model }).click();
  }

  describe.each(lessons)('$file', ({ file, row, columns, model, chosen, epochs, learningRate, attempt }) => {
    it('is shown with what is learned from it, and with a model that can', async () => {
      await window.fineTune(file);
      await window.tab.getByRole('treegrid', { name: 'Texts' }).getByText(row).first().waitFor();
      if (columns) await button(columns).waitFor();
      await region('Model')
        .getByText(/^tiny-/)
        .waitFor({ timeout: 60_000 });
      if (chosen) await change(model);
      await region('Model').getByText(model, { exact: true }).waitFor();
      expect(await seriousViolations(window.page)).toEqual([]);
      await window.picture(`${file} - previewed`);
    });

    it('is learned, and the curve grows', async () => {
      await window.tab.getByRole('radio', { name: 'All layers' }).click();
      const rate = region('Training').getByRole('textbox', { name: 'Learning rate', exact: true });
      await until('the learning rate is the preset’s', async () => (await rate.inputValue()) === '0.0001');
      await set('Epochs', epochs);
      await set('Learning rate', learningRate);
      await region('Training').getByRole('combobox', { name: 'Batch size' }).selectOption('8');
      await until('Start training can be pressed', () => button('Start training').isEnabled(), 60_000);
      await button('Start training').click();
      const plot = region('Training').getByRole('img', { name: /^Loss over epochs/ });
      const alert = region('Training').getByRole('alert');
      const curves = new Set<string | null>([null]);
      await until(
        'the run has ended',
        async () => {
          const before = curves.size;
          curves.add(await plot.getAttribute('aria-label', { timeout: 1000 }).catch(() => null));
          if (before < 7 && curves.size === 7) await window.picture(`${file} - training`);
          return (await region('Result').count()) + (await alert.count());
        },
        170_000,
      );
      if (await alert.count()) throw new Error(`The run failed: ${await alert.first().textContent()}`);
      expect(curves.size).toBeGreaterThan(3); // none, its beginning, and twice as it grew
      await region('Result')
        .getByText(/locked test set/)
        .first()
        .waitFor();
      const events = readFileSync(path.join(runOf(file), 'events.ndjson'), 'utf8')
        .trim()
        .split('\n');
      const learned = events.map((line) => JSON.parse(line) as RunEvent).filter((event) => event.type === 'epoch');
      expect(learned).toHaveLength(epochs);
      const losses = learned.map(({ train }) => train.loss);
      expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 2);
    });

    it.runIf(attempt.press)('shows what it writes after its last epoch', async () => {
      const samples = region('Training').locator('.samples');
      await samples.getByRole('heading', { name: `What it writes after epoch ${epochs}` }).waitFor();
      for (const text of await samples.locator('dd').allTextContents()) expect(text.trim()).not.toBe('');
    });

    it('answers to what is typed', async () => {
      const result = region('Result');
      for (const [name, text] of Object.entries(attempt.typed)) await result.getByRole('textbox', { name, exact: true }).fill(text);
      if (attempt.press) {
        await result.getByRole('button', { name: attempt.press, exact: true }).click();
        await written()
          .getByText(/tokens\/s/)
          .waitFor({ timeout: 60_000 });
        expect(await written().textContent()).toContain(attempt.answer);
      } else {
        const likeliest = result.getByRole('list', { name: 'Probabilities' }).locator('.top');
        await until(`it says ${attempt.answer}`, async () => (await likeliest.textContent())?.includes(attempt.answer), 60_000);
      }
      expect(await seriousViolations(window.page)).toEqual([]);
      await window.picture(`${file} - tried`);
    });
  });

  describe('what cannot be learned from', () =>
    badTexts(
      () => world,
      () => window,
      () => models,
    ));

  it.each([
    ['Light Modern', 'light'],
    ['Dark High Contrast', 'high-contrast'],
  ] as const)('are as accessible in %s', async (theme, kind) => {
    await window.useTheme(theme, kind);
    for (const file of [...lessons.map(({ file }) => file), 'same.csv']) {
      await window.page.locator('.tabs-container').getByRole('tab', { name: file }).click();
      await window.tab.getByRole('heading', { name: file }).waitFor();
      await until(`${file} is in ${theme}`, async () =>
        (await window.tab.locator('body').getAttribute('class'))?.includes(`vscode-${kind}`),
      );
      expect(await seriousViolations(window.page)).toEqual([]);
      await window.picture(`${file} - ${theme}`);
    }
  });

  it('ask no other machine for anything', () => expect(world.offsite).toEqual([]));
});

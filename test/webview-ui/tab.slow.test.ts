import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildGallery, serveGallery } from './gallery.mjs';

const browsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const executablePath = browsers.find((path) => existsSync(path));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface AxeResults {
  violations: { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }[];
}

/** Every theme once, every layout once: wide, between, and narrow. */
const looks = [
  ['dark', 1280],
  ['light', 900],
  ['hc', 420],
] as const;
/** Those that differ most are looked at in every look, their kin in one. */
const states = [
  ...['loading', 'ready', 'training', 'failed', 'finished', 'texts', 'textsFinished', 'translating', 'translated'].flatMap((state) =>
    looks.map(([theme, width]) => [state, theme, width] as const),
  ),
  ...['broken', 'untrusted', 'preparing', 'paused', 'ended', 'stopped', 'textsReading', 'chats', 'writing', 'telling', 'lora'].map(
    (state) => [state, 'dark', 1280] as const,
  ),
];

describe.skipIf(!executablePath)('the tab in a browser (needs Chromium or Chrome)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'thaw-gallery-'));
  let browser: Browser;
  let gallery: { address: string; close: () => void };

  beforeAll(async () => {
    await buildGallery(folder);
    gallery = await serveGallery(folder);
    browser = await chromium.launch({ executablePath, args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic'] });
  });
  afterAll(async () => {
    await browser?.close();
    gallery?.close();
    rmSync(folder, { recursive: true });
  });

  /** A page of the gallery, and all that the browser complained of: a style or script that the CSP refuses is such. */
  async function open(state: string, theme = 'dark', width = 1280): Promise<{ page: Page; complaints: string[]; said: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
    const complaints: string[] = [];
    const said: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', async (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      else if (message.text().startsWith('to the host')) {
        const type = await message
          .args()[1]!
          .evaluate((m) => (m as { type: string }).type)
          .catch(() => null); // the page may be closed by now
        if (type !== null) said.push(type);
      }
    });
    await page.goto(`${gallery.address}/?state=${state}&theme=${theme}`, { waitUntil: 'commit' });
    await page.getByRole('region', { name: 'Training' }).waitFor();
    return { page, complaints, said };
  }

  test.each(states)('%s, %s, %i px: no serious axe violation, and no complaint of the CSP', async (state, theme, width) => {
    const { page, complaints } = await open(state, theme, width);
    await page.waitForTimeout(150);
    // Playwright's own evaluation is not bound by the page's CSP.
    await page.evaluate(axe);
    const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
    const grave = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
    expect(grave.map((v) => ({ id: v.id, html: v.nodes[0]?.html, why: v.nodes[0]?.failureSummary }))).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('the tree works by keyboard alone', async () => {
    const { page } = await open('ready');
    const focused = () => page.locator(':focus').getAttribute('aria-label');
    const item = (name: string) => page.getByRole('treeitem', { name, exact: true });
    await item('conv_stem').focus();
    for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowDown');
    await expect.poll(focused).toBe('blocks.6');
    await page.keyboard.press('Space');
    await expect.poll(() => item('blocks.6').getAttribute('aria-checked')).toBe('true');
    expect(await item('blocks.6').getAttribute('aria-description')).toContain('learns');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await expect.poll(focused).toBe('blocks.6.0.conv_pw');
    await page.keyboard.press('Space');
    await expect.poll(() => item('blocks.6').getAttribute('aria-checked')).toBe('mixed');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Space');
    await expect.poll(() => item('blocks.6').getAttribute('aria-checked')).toBe('true');
    await page.keyboard.press('Enter');
    await expect.poll(() => item('blocks.6').getAttribute('aria-expanded')).toBe('false');
    await page.keyboard.press('End');
    await expect.poll(focused).toBe('classifier');
    await page.getByRole('radio', { name: 'All layers' }).click();
    await expect.poll(() => item('conv_stem').getAttribute('aria-checked')).toBe('true');
    await page.getByRole('textbox', { name: 'Filter layers' }).fill('conv_dw');
    await expect.poll(() => page.getByRole('treeitem').count()).toBeGreaterThan(16);
    await page.close();
  });

  test('of ten thousand pictures only those in view and near it exist', async () => {
    const { page } = await open('many');
    const grid = page.getByRole('listbox', { name: 'Pictures' });
    await grid.getByRole('option').first().waitFor();
    expect(await grid.getByRole('option').count()).toBeLessThan(120);
    await grid.focus();
    await page.keyboard.press('End');
    await expect.poll(() => grid.getByRole('option').last().getAttribute('aria-posinset')).toBe('10000');
    expect(await grid.getByRole('option').count()).toBeLessThan(120);
    await expect.poll(() => grid.locator('[aria-selected=true] img').count()).toBe(1);
    await page.keyboard.press('Home');
    await expect.poll(() => grid.getByRole('option').first().getAttribute('aria-posinset')).toBe('1');
    await page.close();
  });

  test('pictures that come before the rows are drawn with them, and not asked for again', async () => {
    const { page } = await open('many');
    const tiles = page.getByRole('listbox', { name: 'Pictures' }).getByRole('option');
    await expect.poll(() => tiles.locator('img').count()).toBeGreaterThan(16);
    const asked = (await page.evaluate('picturesAsked')) as string[];
    const first = (await tiles.first().getAttribute('aria-label'))?.split(',')[0] as string;
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((path) => path.endsWith(first))).toEqual([]);
    await page.close();
  });

  test('of a million texts only those in view and near it exist, by keyboard too, and one opens to its tokens', async () => {
    const { page, complaints } = await open('manyTexts');
    const table = page.getByRole('treegrid', { name: 'Texts' });
    const row = (index: number) => page.locator(`#text-row-${index}`);
    await row(0).waitFor();
    expect(await table.getByRole('row').count()).toBeLessThan(60);
    expect(await table.getAttribute('aria-rowcount')).toBe('1000001');
    await table.focus();
    await page.keyboard.press('End');
    await row(999_999).waitFor();
    expect(await table.getByRole('row').count()).toBeLessThan(60);
    await expect.poll(() => table.getAttribute('aria-activedescendant')).toBe('text-row-999999');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => row(1).getAttribute('aria-expanded')).toBe('true');
    await row(1).getByRole('list', { name: 'Tokens' }).getByText('[CLS]').waitFor();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => row(1).getAttribute('aria-expanded')).toBe('false');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('a text is never more than a text, opened or closed', async () => {
    const { page, complaints } = await open('texts');
    const row = page.locator('#text-row-2');
    await row.getByText('</script><img src=x onerror="alert(1)"> & <b>bold</b>').waitFor();
    await row.getByRole('button', { name: 'Show all of it' }).click();
    await row.getByText('<b>bold</b>').first().waitFor();
    await page
      .locator('#text-row-3')
      .getByText('control ␇ bell, ⟨U+202E⟩right to left⟨U+202C⟩, half a \ufffd, zero⟨U+200B⟩width')
      .waitFor();
    expect(await page.locator('img[src=x], .texts b').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('texts are filtered by class, split and words', async () => {
    const { page } = await open('texts');
    const table = page.getByRole('treegrid', { name: 'Texts' });
    const count = async () => Number(await table.getAttribute('aria-rowcount')) - 1;
    await page.locator('#text-row-0').waitFor();
    const all = await count();
    await page.getByRole('combobox', { name: 'Class' }).selectOption('billing');
    await expect.poll(count).toBeLessThan(all);
    await expect.poll(() => table.getByRole('row').nth(1).textContent()).toContain('billing');
    const billing = await count();
    await page.getByRole('button', { name: /^test/ }).click();
    await expect.poll(count).toBeLessThan(billing);
    await page.getByRole('textbox', { name: 'Search texts' }).fill('nobody wrote this');
    await page.getByText('No text is in this class and split, or has these words.').waitFor();
    await page.close();
  });

  test.each(['texts', 'translating', 'chats'])('the table of %s is as wide as there is room', async (state) => {
    const { page } = await open(state);
    await page.locator('#text-row-0').waitFor();
    const room = (await page.locator('.columns').boundingBox())?.width ?? 0;
    expect((await page.locator('#text-row-0').boundingBox())?.width).toBeGreaterThan(room - 20); // a scroll bar
    await page.close();
  });

  test('a split that was found can be left aside', async () => {
    const { page, said } = await open('translating');
    await page.getByRole('button', { name: /^Text to text/ }).click();
    const split = page.getByRole('combobox', { name: 'Split', exact: true });
    await split.selectOption('split');
    await split.selectOption({ label: 'None' });
    await expect.poll(() => said.filter((type) => type === 'columns')).toHaveLength(1);
    await page.close();
  });

  test('the task prefix of a source is proposed by the model, typed, and read before it', async () => {
    const { page } = await open('translating');
    const field = page.getByRole('combobox', { name: 'Task prefix' });
    expect(await page.locator('#prefixes option').first().getAttribute('value')).toBe('summarize: ');
    await field.fill('shorten: ');
    await field.press('Enter');
    const row = page.locator('#text-row-0');
    await row.getByRole('button', { name: 'Show all of it' }).click();
    await row.getByRole('list', { name: 'Tokens' }).first().getByText('short').waitFor();
    await page.close();
  });

  test('another column or task is asked of the host', async () => {
    const { page, said } = await open('texts');
    await page.getByRole('button', { name: /^Text classification/ }).click();
    await page.getByRole('combobox', { name: 'Label', exact: true }).selectOption('id');
    await expect.poll(() => said).toContain('columns');
    await page.close();
  });

  test('a choice of columns that does not fit is told beside them, in the words of the tab, and all else can be used', async () => {
    const { page, said, complaints } = await open('textsRefused');
    expect(await page.getByRole('alert').count()).toBe(0); // while the choice is folded away, the one in force stands
    expect(await page.getByRole('button', { name: 'Start training' }).isEnabled()).toBe(true);
    await page.getByRole('button', { name: /^Text classification/ }).click();
    const box = page.getByRole('alert');
    await box.getByText('No column fits “Second text” of the task “Sentence pairs”.').waitFor();
    expect(await box.textContent()).not.toMatch(/secondText|--/);
    const second = page.getByRole('combobox', { name: 'Second text', exact: true });
    expect(await second.locator('option:checked').textContent()).toBe('Not chosen');
    await page.evaluate(axe);
    const { violations } = (await page.evaluate('axe.run()')) as AxeResults;
    expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
    await second.selectOption('id');
    await expect.poll(() => said.filter((type) => type === 'columns')).toHaveLength(1);
    await box.getByRole('button', { name: 'Leave it as it was' }).click();
    await expect.poll(() => said.filter((type) => type === 'columns')).toHaveLength(2);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('where texts are longer than the model takes, they may be split up', async () => {
    const { page } = await open('texts');
    const row = page.locator('#text-row-5');
    await row.getByRole('button', { name: 'Show all of it' }).click();
    await page.getByText('are cut off.').waitFor();
    await page.getByRole('combobox', { name: 'Longer texts' }).selectOption('windows');
    await page.getByText(/split into windows of [\d,]+ at most/).waitFor();
    await page.getByRole('combobox', { name: 'Longer texts' }).selectOption('cut');
    await page.getByText('are cut off.').waitFor();
    const { page: chats } = await open('chats');
    await chats.getByRole('combobox', { name: 'Maximum length' }).waitFor();
    expect(await chats.getByRole('combobox', { name: 'Longer texts' }).count()).toBe(0);
    await Promise.all([page.close(), chats.close()]);
  });

  test('a conversation opens to its tokens as they are learned: marks of the template, answers, and what is cut off', async () => {
    const { page, complaints } = await open('chats');
    const row = page.locator('#text-row-0');
    await row.getByRole('button', { name: 'Show all of it' }).click();
    const tokens = row.getByRole('list', { name: 'Tokens' });
    await tokens.getByText('<|im_start|>').first().waitFor();
    expect(await tokens.count()).toBe(1);
    const said = (word: string) => tokens.getByRole('listitem').filter({ hasText: word }).last().getAttribute('title');
    expect(await said('ice')).toContain('part of an answer: learned');
    expect(await said('sentence')).not.toContain('learned');
    expect(await said('<|im_end|>')).toContain('cut off');
    await page.getByText('are cut off.').waitFor();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('a wrong number is told in place and holds the start back', async () => {
    const { page, said } = await open('ready');
    const start = page.getByRole('button', { name: 'Start training' });
    const rate = page.getByRole('textbox', { name: 'Learning rate' });
    await rate.fill('-1');
    await page.getByText('More than 0').waitFor();
    expect(await start.isDisabled()).toBe(true);
    await rate.fill('0,01');
    await rate.press('Enter');
    await expect.poll(() => start.isDisabled()).toBe(false);
    await start.click();
    await expect.poll(() => said).toContain('start');
    await page.close();
  });

  test('a cell of the confusion matrix shows its examples, there and in Data', async () => {
    const { page } = await open('finished');
    await page.getByRole('button', { name: '1 of car, said truck: show them' }).click();
    await page.getByRole('heading', { name: 'car taken for truck 1' }).waitFor();
    await page.getByRole('button', { name: 'Show in Data' }).click();
    const grid = page.getByRole('listbox', { name: 'Pictures' });
    await expect.poll(() => grid.getByRole('option').count()).toBe(1);
    await page.close();
  });

  test('texts stand behind a cell and among the mistakes, and one can be tried', async () => {
    const { page, said } = await open('textsFinished');
    const mistake = page.locator('.text-mistakes li').first();
    await mistake.getByText(/sure/).waitFor();
    await mistake.getByRole('button', { name: /^row \d/ }).click();
    await expect.poll(() => said).toContain('openFile');
    await expect.poll(() => page.locator('.quotes .quote').first().textContent()).toMatch(/\w+ \w+/);
    await page.getByRole('textbox', { name: 'Text to try' }).fill('where is my parcel?');
    await expect.poll(() => said).toContain('tryText');
    await page.close();
  });

  test('what a model writes comes as it is written, and can be stopped', async () => {
    const { page, said } = await open('writing');
    const written = page.getByRole('group', { name: 'What the model writes' });
    await written.getByText('there was a little girl').waitFor();
    await page.getByRole('region', { name: 'Result' }).getByRole('button', { name: 'Stop' }).click();
    await expect.poll(() => said).toContain('stopWriting');
    const trial = { name: 'Once', busy: false, answer: null, failure: null, written: { text: ' <b>upon</b>', result: null } };
    await page.evaluate(`fromHost(${JSON.stringify({ type: 'state', state: { trial } })})`);
    await written.getByText('<b>upon</b>').waitFor();
    await page.getByRole('textbox', { name: 'Beginning of a text' }).fill('A cat');
    await page.getByRole('button', { name: 'Write', exact: true }).click();
    await expect.poll(() => said).toContain('write');
    await page.close();
  });

  test('markup in names stays text', async () => {
    const { page, complaints } = await open('ready');
    const name = '<img src=x onerror=alert(1)>';
    const summary = { root: '/x', task: 'image-classification', classes: [{ name, count: 1 }], splits: {}, problems: [], fingerprint: '' };
    const examples = [{ path: `a/${name}.png`, label: 0, split: 'train' }];
    const message = { type: 'state', state: { title: name, data: { summary, checking: false }, examples } };
    await page.evaluate(`fromHost(${JSON.stringify(message)})`);
    await page.getByRole('heading', { name }).waitFor();
    expect(await page.locator('img[src=x]').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('an untrusted workspace can look but not train', async () => {
    const { page, said } = await open('untrusted');
    expect(await page.getByRole('button', { name: 'Start training' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Manage workspace trust' }).click();
    await expect.poll(() => said).toContain('manageTrust');
    await page.close();
  });

  test('the crosshair follows the arrow keys in both charts, and Esc takes it away', async () => {
    const { page } = await open('training');
    const charts = page.getByRole('img', { name: /over epochs/ });
    await charts.first().focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => page.getByText('epoch 5.4', { exact: true }).count()).toBe(2);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByText('now', { exact: true }).count()).toBe(2);
    await page.close();
  });
});

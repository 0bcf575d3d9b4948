import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Engine } from '../../../src/core/engine';
import { openGenerator } from '../../../src/core/generation';
import { engine } from '../engine/helpers';
import { all } from './models';

const root = path.resolve(__dirname, '../../..');
const stories = path.resolve(root, '../shared/real/stories260K');
const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-stories-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.skipIf(!existsSync(stories))('a Llama that was trained on stories goes on with one', async () => {
  const files = [path.join(stories, 'stories260K.bin'), folder, path.join(stories, 'tok512.bin')];
  execFileSync(process.execPath, [path.join(root, 'scripts/llama2c.mjs'), ...files]);
  const generator = await openGenerator((await engine()) as Engine, folder, { modelsFolder: folder });
  const prompt = generator.promptOf('Once upon a time, there was a little');
  const { result, pieces } = await all(generator.write(prompt.ids, { maxNewTokens: 60 }));
  expect(result.text).toMatch(/^ (girl|boy) named \w+\. (He|She) loved to \w+/);
  expect(pieces.join('')).toBe(result.text);
  const { result: drawn } = await all(generator.write(prompt.ids, { maxNewTokens: 400, temperature: 0.7, topP: 0.9, seed: 5 }));
  expect(drawn.finish).toBe('eos');
  await generator.dispose();
});

import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadPredictor } from '../../../src/core/training';
import { newFolder } from './harness';
import { tinyModel } from './tinyTexts';

test('a run that writes has no classes, and is named as it was given', async () => {
  const run = newFolder();
  mkdirSync(run, { recursive: true });
  await tinyModel(path.join(run, 'model'), 'gpt2');
  const said = { code: 'usage', hint: expect.stringContaining(`thaw generate ${path.relative('', run)} --prompt`) };
  await expect(loadPredictor(run, { modelsFolder: '' })).rejects.toMatchObject({ failure: said });
});

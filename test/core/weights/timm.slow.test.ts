import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEngine, type Engine } from '../../../src/core/engine';
import { tensorsOf } from '../../../src/core/nn';
import { describeModel, loadModel, saveModel } from '../../../src/core/weights';
import { distance, logitsOf } from '../models/compute';
import { bundledModels, byFormula, expected, hasBundled, loadBack, python, transformersFolder, wave } from '../models/fixtures';

let engine: Engine;
const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-timm-'));
beforeAll(async () => {
  engine = await createEngine('onnx', { threads: 1 });
});
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

interface LoadedBack {
  labels: string[] | null;
  input: number[];
  logits: number[];
  mean: number[];
}
/** All folders in one go: Python takes long to start. */
function inTimm(models: readonly string[]): LoadedBack[] {
  const output = execFileSync(python as string, [loadBack, ...models], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LoadedBack);
}
async function here(model: string): Promise<ArrayLike<number>> {
  const loaded = await loadModel(model, { seed: 0, modelsFolder: bundledModels });
  const { size } = loaded.model.input;
  return (await logitsOf(engine, loaded.model, loaded.tensors, wave([1, 3, size, size]), [1, 3, size, size])).data;
}

/** A model with values by formula, saved under a new head. */
async function save(id: string, name: string): Promise<string> {
  const { model } = await describeModel(id, { modelsFolder: folder, classes: 3, imageSize: expected.size });
  const saved = path.join(folder, name);
  await saveModel(saved, { model, tensors: byFormula(tensorsOf(model.root)), labels: expected.labels, card: '# A model\n' });
  return saved;
}

it.skipIf(!python)('timm loads strictly what was saved here, and computes the same', async () => {
  const saved = [await save('mobilenetv2_035', 'ours'), await save(transformersFolder(folder), 'theirs')];
  const bundled = hasBundled ? [path.join(bundledModels, 'efficientnet_lite0')] : [];
  const found = inTimm([...saved, ...bundled]);
  for (const [i, model] of [...saved, ...bundled].entries()) {
    expect(distance(await here(model), found[i]?.logits ?? []), model).toBeLessThan(1e-4);
    if (saved.includes(model)) expect(found[i]).toMatchObject({ input: [3, expected.size, expected.size], labels: expected.labels });
    else expect(found[i]).toMatchObject({ input: [3, 224, 224], mean: [0.5, 0.5, 0.5] });
  }
});

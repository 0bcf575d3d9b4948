import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { forwardAll, tensorsOf } from '../../../src/core/nn';
import { loadModel } from '../../../src/core/weights';
import { openCheckpoint } from '../../../src/core/weights/checkpoint';
import { engine, layouts } from '../engine/helpers';
import { caseFolder, compute, deviations, expectedOf, type Subject } from './family';

async function pictureModel(folder: string): Promise<Subject> {
  const [{ model, tensors }, { rename }] = [await loadModel(folder, { seed: 0, modelsFolder: '' }), await openCheckpoint(folder)];
  return {
    root: model.root,
    tensors,
    forward: ({ x }, scope) => forwardAll(model.chain, x as NonNullable<typeof x>, scope),
    place: (name) => {
      const place = rename(name);
      if (!place) return undefined;
      const size = tensors.get(place.name)?.data.length ?? Number.NaN;
      return { name: place.name, offset: (size / place.of) * place.part };
    },
  };
}

/** The networks compute and learn as PyTorch's do, in every layout of the engine that the tests run on. */
export function checkFamilies(names: readonly string[]): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-families-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describe.each(names)('%s', (name) => {
    const expected = expectedOf(name);
    it.each(layouts)('answers and learns as PyTorch does (%s)', async (layout) => {
      const subject = await pictureModel(caseFolder(name, folder));
      const off = deviations(await compute(await engine(layout), subject, expected), subject, expected);
      expect(off.logits).toBeLessThan(1e-4);
      expect(off.gradients, off.worst).toBeLessThan(1e-3);
      expect(off.losses).toBeLessThan(1e-3);
    });

    it('has its parameters', async () => {
      const { root } = await pictureModel(caseFolder(name, folder));
      const own = [...tensorsOf(root)].filter(({ statistic }) => !statistic);
      expect(own.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(expected.parameters);
    });
  });
}

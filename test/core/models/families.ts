import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tf } from '../../../src/core/engine/ops';
import { isTextModelType, type TextHead } from '../../../src/core/models/text';
import { forwardAll, tensorsOf } from '../../../src/core/nn';
import { loadModel, loadTextModel } from '../../../src/core/weights';
import { openCheckpoint } from '../../../src/core/weights/checkpoint';
import { engine, layouts } from '../engine/helpers';
import { caseFolder, compute, deviations, expectedOf, type Subject } from './family';
import { besideNames } from './textCompute';

export async function modelIn(folder: string): Promise<Subject> {
  const config = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8')) as { model_type?: string; architectures?: string[] };
  return config.model_type && isTextModelType(config.model_type)
    ? textModel(folder, config.architectures?.[0] as string)
    : pictureModel(folder);
}

const heads: readonly (readonly [RegExp, TextHead])[] = [
  [/ForSequenceClassification$/, 'sequence-classification'],
  [/ForMaskedLM$/, 'masked-lm'],
  [/ForCausalLM$|LMHeadModel$/, 'causal-lm'],
  [/ForConditionalGeneration$/, 'text-to-text'],
];

export function headOf(architecture: string): TextHead {
  return heads.find(([pattern]) => pattern.test(architecture))?.[1] as TextHead;
}

async function textModel(folder: string, architecture: string): Promise<Subject> {
  const { model, tensors } = await loadTextModel(folder, { head: headOf(architecture), seed: 0 });
  expect(model.architecture).toBe(architecture);
  return {
    root: model.root,
    tensors,
    forward: ({ input_ids, ...others }, scope) => {
      const beside = (name: string) => others[besideNames[name] as string];
      const y = forwardAll(model.chain, input_ids as NonNullable<typeof input_ids>, { ...scope, beside });
      return tf.reshape(y, [-1, model.classes]);
    },
    place: (name) => ({ name, offset: 0 }),
  };
}

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
      const subject = await modelIn(caseFolder(name, folder));
      const off = deviations(await compute(await engine(layout), subject, expected), subject, expected);
      expect(off.logits).toBeLessThan(1e-4);
      expect(off.gradients, off.worst).toBeLessThan(1e-3);
      expect(off.losses).toBeLessThan(1e-3);
    });

    it('has its parameters', async () => {
      const { root } = await modelIn(caseFolder(name, folder));
      const own = [...tensorsOf(root)].filter(({ statistic }) => !statistic);
      expect(own.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(expected.parameters);
    });
  });
}

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tf } from '../../../../src/core/engine/ops';
import { loraRules } from '../../../../src/core/methods';
import { forwardAll, tensorsOf } from '../../../../src/core/nn';
import { learns } from '../../../../src/protocol/rules';
import { engine, layouts } from '../../engine/helpers';
import { distance } from '../../models/compute';
import { compute, deviations, type Subject } from '../../models/family';
import { besideNames } from '../../models/textCompute';
import { adapterCases, adapterFolder, expectedAdapter, type LoadedAny, loadAny } from './adapters';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-peft-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An adapter's file has its tensors; those of parts that we have in one (transformers' ViT) are not compared. */
function subjectOf({ model, tensors }: LoadedAny): Subject {
  return {
    root: model.root,
    tensors,
    learns: (name) => learns(loraRules(model), name),
    forward: ({ x, input_ids, ...others }, scope) => {
      const beside = (name: string) => others[besideNames[name] as string];
      const y = forwardAll(model.chain, (x ?? input_ids) as NonNullable<typeof x>, { ...scope, beside });
      return tf.reshape(y, [-1, model.classes]);
    },
    place: (name) => ({ name: name.replace(/^base_model\.model\./, ''), offset: 0 }),
  };
}

describe.each(adapterCases)("PEFT's adapter to %s", (name) => {
  const expected = expectedAdapter(name);
  const hasParts = name === 'vit_transformers';

  it.skipIf(hasParts).each(layouts)('answers and learns on as PEFT does (%s)', async (layout) => {
    const subject = subjectOf(await loadAny(adapterFolder(name, folder), { keepsAdapter: true }));
    const learned = [...tensorsOf(subject.root)].filter((tensor) => subject.learns?.(tensor.name));
    expect(learned.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)).toBe(expected.parameters);
    const off = deviations(await compute(await engine(layout), subject, expected), subject, expected);
    expect(off.logits).toBeLessThan(1e-4);
    expect(off.gradients, off.worst).toBeLessThan(1e-3);
    expect(off.losses).toBeLessThan(1e-3);
  });

  it('gives the same merged and beside its layers', async () => {
    const from = adapterFolder(name, folder);
    const once = { ...expected, losses: [] };
    const [live, merged] = [await loadAny(from, { keepsAdapter: true }), await loadAny(from)];
    const names = (loaded: LoadedAny) => [...tensorsOf(loaded.model.root)].map((tensor) => tensor.name);
    expect(names(live).some((tensor) => tensor.endsWith('lora_A.weight'))).toBe(true);
    expect(names(merged).some((tensor) => tensor.includes('lora_'))).toBe(false);
    expect([...merged.tensors.keys()]).toEqual(names(merged));
    const [a, b] = [await compute(await engine(), subjectOf(live), once), await compute(await engine(), subjectOf(merged), once)];
    expect(distance(a.logits, b.logits)).toBeLessThan(1e-5);
    expect(distance(b.logits, expected.logits.flat())).toBeLessThan(1e-4);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { tf } from '../../../src/core/engine/ops';
import { buildModel, setDropout } from '../../../src/core/models';
import { buildTextModel } from '../../../src/core/models/text';
import { droppingIn, type Scope, type Shape } from '../../../src/core/nn';
import { engine } from '../engine/helpers';
import { headOf, modelIn } from './families';
import { caseFolder, compute, deviations, type Expected, expectedOf } from './family';

/** What scripts/fixtures/make_dropout.py writes; its docstring says what each entry means. */
interface Dropped extends Pick<Expected, 'losses' | 'gradients'> {
  settings: Record<string, number>;
  sites: Record<string, number>;
}
const fixtures = path.resolve(__dirname, '../../fixtures');
const dropped = JSON.parse(readFileSync(path.join(fixtures, 'dropout.json'), 'utf8')) as Record<string, Dropped>;
const names = Object.keys(dropped);

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-dropout-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The case with the rates that tell its settings apart. */
function caseWith(name: string, into = folder): string {
  const made = caseFolder(name, into);
  const file = path.join(made, 'config.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...dropped[name]?.settings }));
  return made;
}

function built(name: string, settings: Record<string, unknown> = {}) {
  const config = JSON.parse(readFileSync(path.join(caseWith(name), 'config.json'), 'utf8'));
  return buildTextModel({ ...config, ...settings }, { head: headOf(config.architectures[0]) });
}

const sites = (model: Parameters<typeof setDropout>[0]) =>
  Object.fromEntries([...droppingIn(model.root)].map(({ path, drops }) => [path, drops.rate]));

/** make_dropout.py's mask, whichever of text and batch comes first here. */
function maskOf(texts: number, seen: Map<string, number>): NonNullable<Scope['dropout']> {
  return (at, rate, shape) => {
    seen.set(at, rate);
    const letters = Array.from(at, (letter) => letter.charCodeAt(0)).reduce((a, b) => a + b, 0);
    const strides = stridesOf(shape, texts);
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => {
      let [rest, place] = [i, letters];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        place += (rest % (shape[axis] as number)) * (strides[axis] as number);
        rest = Math.floor(rest / (shape[axis] as number));
      }
      return place % 20 >= Math.round(20 * rate) ? 1 / (1 - rate) : 0;
    });
    return tf.tensor(data, [...shape]);
  };
}

function stridesOf(shape: Shape, texts: number): number[] {
  if (shape.length === 2) return [31, 7];
  if (shape.length === 4) return [31, 13, 17, 7];
  return shape[0] === texts ? [31, 17, 7] : [17, 31, 7];
}

describe("dropout is transformers'", () => {
  it.each(names)('in its places and at its rates: %s', (name) => {
    expect(sites(built(name))).toEqual(dropped[name]?.sites);
  });

  it.each(names)('with the same masks, %s has the same loss and gradients', async (name) => {
    const { losses, gradients } = dropped[name] as Dropped;
    const expected = { ...expectedOf(name), losses, gradients };
    const subject = await modelIn(caseWith(name));
    const seen = new Map<string, number>();
    const texts = Object.values(expected.inputs)[0]?.shape[0] as number;
    const off = deviations(await compute(await engine(), subject, expected, maskOf(texts, seen)), subject, expected);
    expect(off.logits).toBeLessThan(1e-4); // nothing drops in answers
    expect(off.losses).toBeLessThan(1e-4);
    expect(off.gradients, off.worst).toBeLessThan(1e-3);
    expect(Object.fromEntries(seen)).toEqual(dropped[name]?.sites);
  });

  it('is 0.1 where a configuration says nothing, and what says nothing of the classifier has what is hidden', () => {
    const nothing = { hidden_dropout_prob: undefined, attention_probs_dropout_prob: undefined, classifier_dropout: undefined };
    expect(new Set(Object.values(sites(built('bert', nothing))))).toEqual(new Set([0.1]));
    const hidden = sites(built('bert', { ...nothing, hidden_dropout_prob: 0.3, classifier_dropout: null }));
    expect(hidden.dropout).toBe(0.3);
    expect(sites(built('llama', { attention_dropout: undefined }))).toEqual({
      'model.layers.0.self_attn.attention_dropout': 0,
      'model.layers.1.self_attn.attention_dropout': 0,
    });
  });
});

describe('a rate of a run', () => {
  it('goes before those of the checkpoint, in all places and no others', () => {
    for (const rate of [0, 0.3]) {
      const model = built('distilbert');
      const before = Object.keys(sites(model));
      setDropout(model, rate);
      expect(sites(model)).toEqual(Object.fromEntries(before.map((place) => [place, rate])));
    }
    const model = built('distilbert');
    setDropout(model, 'model');
    expect(sites(model)).toEqual(dropped.distilbert?.sites);
  });

  it('is refused where it would say nothing', () => {
    const model = buildModel({ architecture: 'convnet_small', classes: 2 });
    expect(() => setDropout(model, 0.1)).toThrow(expect.objectContaining({ failure: expect.objectContaining({ code: 'config.invalid' }) }));
    expect(() => setDropout(model, 0)).not.toThrow();
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextToken, type Sampling } from '../../../src/core/generation/sampling';
import { tokensOf } from '../../../src/core/generation/tokens';
import { Writer } from '../../../src/core/generation/writer';
import { RandomStream } from '../../../src/core/random';
import { type LoadedTextModel, loadTextModel } from '../../../src/core/weights';
import { engine } from '../engine/helpers';
import { caseFolder } from '../models/family';
import { lively, writingFolder } from './folder';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-guesses-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What is written, and how many steps of either kind it took. */
async function text(writer: Writer, prompt: readonly number[], how: Sampling, count: number) {
  const steps = { guess: 0, check: 0 };
  const counted = new Proxy(writer, {
    get(target, key) {
      if (key === 'guess' || key === 'check') steps[key]++;
      const value = Reflect.get(target, key) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const ids: number[] = [];
  for await (const id of tokensOf(counted, prompt, (logits, place) => nextToken(logits, how, new RandomStream(4, place)))) {
    ids.push(id);
    if (ids.length === count) break;
  }
  return { ids, steps };
}

const greedy = { temperature: 0, topK: 0, topP: 1 };

describe('a text of checked guesses is the text without them', () => {
  let loaded: LoadedTextModel;
  beforeAll(async () => {
    // wide enough that weights are rounded in blocks
    loaded = await loadTextModel(await writingFolder(path.join(folder, 'wide'), { n_embd: 64, n_head: 4 }), { head: 'causal-lm', seed: 0 });
  });

  it.each([greedy, { temperature: 1, topK: 0, topP: 1 }, { temperature: 0.8, topK: 40, topP: 0.9 }])('%o', async (how) => {
    const room = { texts: 1, length: 200, read: 0 };
    const plain = await Writer.compile(await engine(), loaded, room);
    const guessing = await Writer.compile(await engine(), loaded, room, { guesses: true });
    for (const length of [1, 16, 40, 120]) {
      const prompt = Array.from({ length }, (_, i) => (i * 37 + 5) % loaded.model.classes);
      const most = 200 - length; // to the last position
      const [a, b] = [await text(plain, prompt, how, most), await text(guessing, prompt, how, most)];
      expect(b.ids).toEqual(a.ids);
      expect(a.steps.guess).toBe(0);
      expect(b.steps.check).toBeLessThan(most / 2); // most guesses are right
    }
    await plain.dispose();
    await guessing.dispose();
  });

  it('also where guesses are never right', async () => {
    const room = { texts: 1, length: 60, read: 0 };
    const guessing = await Writer.compile(await engine(), loaded, room, { guesses: true });
    const plain = await Writer.compile(await engine(), loaded, room);
    const wrong = Object.assign(Object.create(guessing) as Writer, { guess: async () => new Float32Array(loaded.model.classes) });
    const [a, b] = [await text(plain, [3, 1, 2], greedy, 50), await text(wrong, [3, 1, 2], greedy, 50)];
    expect(b.ids).toEqual(a.ids);
    await plain.dispose();
    await guessing.dispose();
  });

  it.each(['t5', 'llama', 'qwen2'])('%s', async (name) => {
    const head = name === 't5' ? 'text-to-text' : 'causal-lm';
    const { model, tensors } = await loadTextModel(caseFolder(name, folder), { head, seed: 0 });
    const written = { model, tensors: lively(new Map(tensors)) };
    const room = { texts: 1, length: 16, read: 6 };
    const [plain, guessing] = [
      await Writer.compile(await engine(), written, room),
      await Writer.compile(await engine(), written, room, { guesses: true }),
    ];
    const count = name === 't5' ? 16 : 12;
    expect((await text(guessing, [7, 3, 21, 5], greedy, count)).ids).toEqual((await text(plain, [7, 3, 21, 5], greedy, count)).ids);
    await plain.dispose();
    await guessing.dispose();
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { all, generatorOf, written } from './models';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-generation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(Object.keys(written))('%s writes what transformers does', (name) => {
  const texts = written[name] ?? [];

  it('taking the likeliest token', async () => {
    const generator = await generatorOf(name, folder);
    for (const { prompt, greedy } of texts) {
      const { pieces, result } = await all(generator.write(prompt, { maxNewTokens: greedy.length }));
      expect(result.ids).toEqual(greedy);
      expect(result).toMatchObject({ finish: 'length', tokens: greedy.length, text: pieces.join('') });
    }
    await generator.dispose();
  });

  it('searching with beams', async () => {
    for (const { prompt, greedy, beams } of texts)
      for (const { count, ends, ids } of beams) {
        const generator = await generatorOf(name, folder, ends);
        const { result } = await all(generator.write(prompt, { maxNewTokens: greedy.length, beams: count }));
        expect(result.ids).toEqual(ids);
        expect(result.finish).toBe(ends.includes(ids.at(-1) as number) ? 'eos' : 'length');
        await generator.dispose();
      }
  });
});

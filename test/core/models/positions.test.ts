import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { resampledPositions } from '../../../src/core/models/positions';
import { distance } from './compute';
import { wave } from './fixtures';

/** Made by scripts/fixtures/make_families.py's `resampled`. */
const file = path.resolve(__dirname, '../../fixtures/positions.json');
const { given, tokens, sizes } = JSON.parse(readFileSync(file, 'utf8')) as {
  given: number[];
  tokens: number;
  sizes: Record<string, number[]>;
};

it.each(Object.entries(sizes))("position embeddings for %s × %s patches are timm's", (grid, theirs) => {
  const ours = resampledPositions({ dtype: 'float32', shape: given, data: wave(given) }, tokens, Number(grid));
  expect(ours.shape).toEqual([1, tokens + Number(grid) ** 2, given[2]]);
  expect(distance(ours.data, theirs)).toBeLessThan(1e-5);
});

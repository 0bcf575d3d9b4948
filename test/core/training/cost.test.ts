import { expect, test } from 'vitest';
import { estimateCost } from '../../../src/core/training';
import { configFor } from './harness';

const places = { examples: 200, classes: 2, modelsFolder: '/nowhere' };

test('a run costs more with more epochs or more learning layers, and a known probe is not made again', async () => {
  const phase = { learningRate: 0.01, rules: ['classifier.**'] };
  const head = (epochs: number) => configFor('/data', { phases: [{ ...phase, epochs }], augmentation: 'none', imageSize: 96 });
  const ten = await estimateCost(head(10), places);
  const began = performance.now();
  const thousand = await estimateCost(head(1000), places);
  expect(performance.now() - began).toBeLessThan(500);
  const all = await estimateCost(configFor('/data', { phases: [{ ...phase, rules: ['**'], epochs: 10 }], imageSize: 96 }), places);

  expect(ten.totalSeconds).toBeGreaterThan(0);
  expect(ten.memoryBytes).toBeGreaterThan(2 ** 20);
  expect(thousand.totalSeconds).toBeGreaterThan(ten.totalSeconds);
  // Features are computed in the first epoch alone: later ones are nearly free.
  expect(thousand.secondsPerEpoch).toBeLessThan(ten.secondsPerEpoch);
  expect(all.totalSeconds).toBeGreaterThan(ten.totalSeconds);
  expect(all.secondsPerEpoch * 10).toBeCloseTo(all.totalSeconds);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { betterOf, isExhausted } from '../../../src/core/training/earlyStopping';
import { rateFactor } from '../../../src/core/training/schedule';

test('the rate climbs in a line to 1, then falls along half a cosine towards 0', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 0.9, noNaN: true }), (total, warmup) => {
      const factors = Array.from({ length: total }, (_, step) => rateFactor(step, total, { name: 'cosine', warmup }));
      const warm = Math.round(total * warmup);
      for (const [i, factor] of factors.entries()) {
        expect(factor).toBeGreaterThan(0);
        expect(factor).toBeLessThanOrEqual(1);
        if (i > 0 && i < warm) expect(factor - (factors[i - 1] as number)).toBeCloseTo(1 / warm, 9);
        if (i > warm) expect(factor).toBeLessThan(factors[i - 1] as number);
      }
      if (warm < total) expect(factors[warm]).toBe(1);
    }),
  );
  // PyTorch's CosineAnnealingLR(T_max = 4) at steps 0 … 3
  expect([0, 1, 2, 3].map((s) => rateFactor(s, 4, { name: 'cosine', warmup: 0 }).toFixed(4))).toEqual([
    '1.0000',
    '0.8536',
    '0.5000',
    '0.1464',
  ]);
  expect(rateFactor(9, 10, { name: 'constant', warmup: 0.1 })).toBe(1);
});

test('the linear schedule falls in a line to zero, as transformers’ after its warm-up', () => {
  // get_linear_schedule_with_warmup(num_warmup_steps = 2, num_training_steps = 10) at steps 2 … 9
  const after = [2, 3, 4, 5, 6, 7, 8, 9].map((step) => rateFactor(step, 10, { name: 'linear', warmup: 0.2 }));
  for (const [i, factor] of after.entries()) expect(factor).toBeCloseTo([1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125][i] as number, 12);
  expect([0, 1].map((step) => rateFactor(step, 10, { name: 'linear', warmup: 0.2 }))).toEqual([0.5, 1]);
});

test('the lowest validation loss is kept, the earlier of equals; without validation the last', () => {
  const losses = [0.9, 0.5, 0.5, 0.7];
  const best = losses.reduce((b: ReturnType<typeof betterOf> | null, loss, i) => betterOf(b, { epoch: i + 1, step: i + 1, loss }), null);
  expect(best?.epoch).toBe(2);
  expect(isExhausted(best, 3, 2)).toBe(false);
  expect(isExhausted(best, 4, 2)).toBe(true);
  expect(isExhausted(best, 400, 0)).toBe(false);
  const blind = betterOf({ epoch: 1, step: 1, loss: null }, { epoch: 2, step: 2, loss: null });
  expect(blind.epoch).toBe(2);
  expect(isExhausted(blind, 9, 1)).toBe(false);
});

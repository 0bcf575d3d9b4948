import { setTimeout as after } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { prefetched } from '../../../src/core/data';
import { filesAtOnce, mapFiles } from '../../../src/core/data/concurrent';

test('prefetched keeps the order and no more than its depth ahead', async () => {
  let begun = 0;
  const seen: number[] = [];
  for await (const value of prefetched(
    20,
    async (i) => {
      begun++;
      await after(i % 3);
      return i;
    },
    4,
  )) {
    seen.push(value);
    expect(begun - seen.length).toBeLessThanOrEqual(4);
  }
  expect(seen).toEqual(Array.from({ length: 20 }, (_, i) => i));
});

test('an error comes in its turn, and leaving early leaves no rejection unheard', async () => {
  const unheard = vi.fn();
  process.on('unhandledRejection', unheard);
  const make = async (i: number) => {
    await after(1);
    if (i >= 2) throw new Error(`number ${i}`);
    return i;
  };
  const seen: number[] = [];
  await expect(async () => {
    for await (const value of prefetched(6, make, 5)) seen.push(value);
  }).rejects.toThrow('number 2');
  expect(seen).toEqual([0, 1]);
  for await (const value of prefetched(6, make, 5)) {
    expect(value).toBe(0);
    break;
  }
  await after(20);
  process.off('unhandledRejection', unheard);
  expect(unheard).not.toHaveBeenCalled();
});

test('mapFiles keeps the order, bounds what is under way, and stops at the first error', async () => {
  let underWay = 0;
  const doubled = await mapFiles(
    Array.from({ length: 100 }, (_, i) => i),
    async (i) => {
      expect(++underWay).toBeLessThanOrEqual(filesAtOnce);
      await after(Math.random() * 2);
      underWay--;
      return i * 2;
    },
  );
  expect(doubled).toEqual(Array.from({ length: 100 }, (_, i) => i * 2));

  const begun: number[] = [];
  const failing = mapFiles(
    Array.from({ length: 100 }, (_, i) => i),
    async (i) => {
      begun.push(i);
      await after(1);
      if (i === 3) throw new Error('third');
    },
  );
  await expect(failing).rejects.toThrow('third');
  expect(begun.length).toBeLessThanOrEqual(2 * filesAtOnce);
});

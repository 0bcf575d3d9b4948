import { expect, it } from 'vitest';
import { Urgent } from '../../src/trainer/urgent';

it('holds other work up until the last of what is urgent has ended, also where it fails', async () => {
  const urgent = new Urgent();
  await urgent.over(); // nothing is going on
  const log: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string) => urgent.run(() => new Promise<void>((end) => ends.push(end)).then(() => void log.push(name)));
  const failing = urgent.run(() => Promise.reject(new Error('cannot'))).catch(() => log.push('failed'));
  const first = work('first');
  const other = urgent.over().then(() => log.push('other'));
  await failing;
  ends[0]?.();
  const second = work('second'); // begins as the first one ends: the other work waits on
  await first;
  await new Promise((resolve) => setTimeout(resolve, 5));
  ends[1]?.();
  await Promise.all([second, other]);
  expect(log).toEqual(['failed', 'first', 'second', 'other']);
});

it('waits on until there has been nothing urgent for a while', async () => {
  const urgent = new Urgent();
  await urgent.over(60_000); // nothing has been yet
  await urgent.run(async () => {});
  const other = urgent.over(60);
  await new Promise((resolve) => setTimeout(resolve, 40));
  let end = 0;
  await urgent.run(async () => {
    end = performance.now();
  });
  await urgent.over(); // who needs no rest goes on at once
  await other;
  expect(performance.now() - end).toBeGreaterThan(55);
});

it('waits for what is expected until it is met, or for so long', async () => {
  const urgent = new Urgent();
  const log: string[] = [];
  urgent.expect(60_000);
  urgent.expect(60_000); // of another folder: one that is met stands for both
  const other = urgent.over().then(() => log.push('over'));
  await urgent.run(async () => {});
  await new Promise((resolve) => setTimeout(resolve, 5));
  log.push('met');
  urgent.met();
  urgent.met();
  await other;
  expect(log).toEqual(['met', 'over']);
  const begun = performance.now();
  urgent.expect(40);
  await urgent.over();
  expect(performance.now() - begun).toBeGreaterThan(35);
});

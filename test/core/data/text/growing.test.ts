import { expect, it } from 'vitest';
import { Growing } from '../../../../src/core/data/text';

const isSame = (a: Uint32Array, b: Uint32Array) => Buffer.from(a.buffer).equals(Buffer.from(b.buffer));

it('numbers are found where they were put, across pieces', () => {
  for (const count of [0, 1, 1024, 1025, 65_536, 65_537, 200_001]) {
    const numbers = new Growing(Uint32Array);
    for (let i = 0; i < count; i++) numbers.push(i * 3);
    for (let i = 0; i < count; i += 1000) numbers.set(i, i);
    const expected = Uint32Array.from({ length: count }, (_, i) => (i % 1000 === 0 ? i : i * 3));
    expect(numbers.length).toBe(count);
    expect(isSame(numbers.toArray(), expected)).toBe(true);
    expect(expected.every((number, i) => numbers.at(i) === number)).toBe(true);
  }
});

import { describe, expect, it } from 'vitest';
import type { Assistant } from '../../src/host/assistantProcess';
import { ThumbnailQueue } from '../../src/host/thumbnailQueue';
import { until } from './fakes';

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`);

describe('ThumbnailQueue', () => {
  const asked: string[][] = [];
  const fake = (answer: (paths: string[]) => (Uint8Array | null)[]) =>
    ({
      ask: async (_type: string, { paths }: { paths: string[] }) => {
        asked.push(paths);
        await new Promise((resolve) => setTimeout(resolve, 1));
        return answer(paths);
      },
    }) as unknown as Assistant;

  /** A queue of whose pictures only the number is looked at. */
  const counting = () => {
    let count = 0;
    const queue = new ThumbnailQueue(
      '/data',
      fake((paths) => paths.map(() => null)),
      (images) => {
        count += images.length;
      },
    );
    return { queue, got: () => count };
  };

  it('delivers each picture once, small batches first of what was wanted last', async () => {
    asked.length = 0;
    const got: string[] = [];
    const queue = new ThumbnailQueue(
      '/data',
      fake((paths) => paths.map((_, i) => (i ? new Uint8Array([i]) : null))),
      (images) => got.push(...images.map((image) => image.path)),
    );
    queue.want(names(0, 200));
    queue.want(names(100, 120));
    await until(() => got.length === 200);
    expect([...got].sort()).toEqual(names(0, 200).sort());
    expect(asked.every((paths) => paths.length <= 16)).toBe(true);
    expect(asked[2]?.[0]).toBe('100'); // the two batches under way are not called back
  });

  it('makes nothing twice, but what another view asks for', async () => {
    asked.length = 0;
    const got: string[] = [];
    const queue = new ThumbnailQueue(
      '/data',
      fake((paths) => paths.map(() => null)),
      (images) => got.push(...images.map((image) => image.path)),
    );
    queue.want(names(0, 40));
    queue.want(names(0, 20)); // still being made, or waiting
    await until(() => got.length === 40);
    expect(asked.flat().sort()).toEqual(names(0, 40).sort());
    queue.want(names(40, 120));
    queue.clear(); // its view is gone: the two batches under way are the last
    queue.want(names(0, 4));
    await until(() => got.length === 76);
    expect(asked.flat().slice(40)).toEqual([...names(40, 72), ...names(0, 4)]);
  });

  it('makes the first in small batches, and no others until one of them is drawn', async () => {
    asked.length = 0;
    const { queue, got } = counting();
    queue.begin(names(0, 20));
    queue.want(names(10, 40)); // a view has come
    await until(() => got() === 20);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toEqual([names(0, 8), names(8, 16), names(16, 20)]);
    queue.seen();
    await until(() => got() === 40);
    queue.dispose();
  });

  it('goes on when the first cannot be drawn', async () => {
    const { queue, got } = counting();
    queue.begin(names(0, 8));
    queue.want(names(8, 16));
    await until(() => got() === 16);
  });

  it('delivers plain arrays: VS Code sends a Buffer as JSON', async () => {
    const got: (Uint8Array | null)[] = [];
    const queue = new ThumbnailQueue(
      '/data',
      fake(() => [Buffer.from([1, 2, 3])]),
      (images) => got.push(...images.map((image) => image.bytes)),
    );
    queue.want(['a']);
    await until(() => got.length === 1);
    expect(got[0]?.constructor).toBe(Uint8Array);
    expect(got[0]?.buffer.byteLength).toBe(3);
  });

  it('says of pictures that cannot be had that there are none', async () => {
    const got: (Uint8Array | null)[] = [];
    const queue = new ThumbnailQueue(
      '/data',
      fake(() => {
        throw new Error('died');
      }),
      (images) => got.push(...images.map((image) => image.bytes)),
    );
    queue.want(['a', 'b']);
    await until(() => got.length === 2);
    expect(got).toEqual([null, null]);
  });
});

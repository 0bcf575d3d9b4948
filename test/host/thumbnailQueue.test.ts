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

  it('delivers each picture once, small batches first of what was wanted last', async () => {
    asked.length = 0;
    const got: string[] = [];
    const queue = new ThumbnailQueue(
      '/data',
      fake((paths) => paths.map((_, i) => (i ? new Uint8Array([i]) : null))),
      (images) => got.push(...images.map((image) => image.path)),
    );
    queue.attach(() => {});
    queue.want(names(0, 200));
    queue.want(names(100, 120));
    await until(() => got.length === 200);
    expect([...got].sort()).toEqual(names(0, 200).sort());
    expect(asked.every((paths) => paths.length <= 16)).toBe(true);
    expect(asked[2]?.[0]).toBe('100'); // the two batches under way are not called back
  });

  it('keeps what it makes before there is a view, and makes nothing twice', async () => {
    asked.length = 0;
    const got: string[] = [];
    const queue = new ThumbnailQueue(
      '/data',
      fake((paths) => paths.map(() => null)),
      (images) => got.push(...images.map((image) => image.path)),
    );
    queue.want(names(0, 20));
    await until(() => asked.flat().length === 20);
    await new Promise((resolve) => setTimeout(resolve, 10));
    queue.want(names(20, 40)); // still being made when the view comes
    expect(got).toEqual([]);
    queue.attach(() => expect(got).toEqual(names(0, 16))); // the view is filled after the first few
    expect(got).toEqual(names(0, 20));
    queue.want(names(20, 40));
    await until(() => got.length === 40);
    expect(asked.flat().sort()).toEqual(names(0, 40).sort());
    queue.attach(() => {}); // another view has none of them
    queue.want(names(0, 4));
    await until(() => got.length === 44);
  });

  it('delivers plain arrays: VS Code sends a Buffer as JSON', async () => {
    const got: (Uint8Array | null)[] = [];
    const queue = new ThumbnailQueue(
      '/data',
      fake(() => [Buffer.from([1, 2, 3])]),
      (images) => got.push(...images.map((image) => image.bytes)),
    );
    queue.attach(() => {});
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
    queue.attach(() => {});
    queue.want(['a', 'b']);
    await until(() => got.length === 2);
    expect(got).toEqual([null, null]);
  });
});

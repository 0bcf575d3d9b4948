import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from '../../protocol/data';
import { mapFiles } from './concurrent';
import type { Dataset } from './dataset';
import type { OpenOptions } from './openDataset';
import { pipelineOf, readHeader, reasonOf } from './picture';
import { problems } from './problems';

/** Bits that may differ between the difference hashes of two pictures that look the same. */
const closeBits = 7;
/** And how far apart their small copies may be: mean absolute difference of RGB values, 0…255. */
const closeValues = 5;
/** Side of the small copies. */
const side = 16;

/** One picture in small: RGB, [16, 16, 3], and its difference hash of 64 bits. */
interface Look {
  readonly index: number;
  readonly small: Uint8Array;
  readonly hash: readonly [number, number];
}

/**
 * Decodes every picture in full, which finds the damaged ones, and compares how they look: the same picture scaled,
 * recompressed or slightly changed. Takes about as long as an epoch's decoding; memory is under 1 KB a picture.
 * @returns `nearDuplicate` and `unreadable` problems
 * @throws ThawError `interrupted`
 */
export async function findLookalikes(
  dataset: Dataset,
  options: Pick<OpenOptions, 'signal' | 'turn'> & { onProgress?: (done: number, total: number) => void } = {},
): Promise<Problem[]> {
  const damaged: { path: string; reason: string }[] = [];
  let done = 0;
  const looks = await mapFiles(
    dataset.examples,
    async ({ path }, index): Promise<Look | null> => {
      await options.turn?.();
      try {
        return await lookAt(join(dataset.root, path), index);
      } catch (error) {
        damaged.push({ path, reason: reasonOf(error) });
        return null;
      } finally {
        options.onProgress?.(++done, dataset.examples.length);
      }
    },
    options.signal,
  );
  const found = describe(dataset, groupsOf(looks.filter((look) => look !== null)));
  damaged.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (damaged[0])
    found.unshift(
      problems.damaged(
        damaged.map(({ path }) => path),
        damaged[0].reason,
      ),
    );
  return found;
}

async function lookAt(path: string, index: number): Promise<Look> {
  const bytes = await readFile(path);
  const { data } = await pipelineOf(bytes, await readHeader(bytes))
    .resize(side, side, { fit: 'fill', kernel: 'linear' })
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { index, small: data, hash: differenceHash(data) };
}

/**
 * Whether each of 8 × 8 fields is darker than the one to its right, the last against the first (after Krawetz 2013,
 * "dHash"). A field is four pixels of the small copy.
 */
function differenceHash(small: Uint8Array): [number, number] {
  const fields = new Float64Array(64);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const i = (y * side + x) * 3;
      const field = (y >> 1) * 8 + (x >> 1);
      const grey = 0.299 * (small[i] as number) + 0.587 * (small[i + 1] as number) + 0.114 * (small[i + 2] as number);
      fields[field] = (fields[field] as number) + grey;
    }
  const hash: [number, number] = [0, 0];
  for (let field = 0; field < 64; field++) {
    const right = (field & ~7) | ((field + 1) & 7);
    if ((fields[field] as number) < (fields[right] as number)) hash[field >> 5] = (hash[field >> 5] as number) | (1 << (field & 31));
  }
  return hash;
}

function bitsSet(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function looksSame(a: Look, b: Look): boolean {
  if (bitsSet(a.hash[0] ^ b.hash[0]) + bitsSet(a.hash[1] ^ b.hash[1]) > closeBits) return false;
  let apart = 0;
  for (let i = 0; i < a.small.length; i++) apart += Math.abs((a.small[i] as number) - (b.small[i] as number));
  return apart <= closeValues * a.small.length;
}

/**
 * Groups of two and more that look the same, as indices of examples. Two hashes of 64 bits that differ in 7 at most have
 * one of their 8 bytes in common, so only pictures that share a byte in the same place are compared.
 */
function groupsOf(looks: readonly Look[]): number[][] {
  const parent = looks.map((_, i) => i);
  const find = (i: number): number => {
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] as number] as number;
      at = parent[at] as number;
    }
    return at;
  };
  for (let byte = 0; byte < 8; byte++) {
    const buckets = Array.from({ length: 256 }, (): number[] => []);
    looks.forEach((look, i) => {
      const bucket = buckets[((look.hash[byte >> 2] as number) >>> (8 * (byte & 3))) & 255] as number[];
      bucket.push(i);
    });
    for (const bucket of buckets)
      for (let i = 1; i < bucket.length; i++)
        for (let j = 0; j < i; j++) {
          const [a, b] = [find(bucket[i] as number), find(bucket[j] as number)];
          if (a !== b && looksSame(looks[bucket[i] as number] as Look, looks[bucket[j] as number] as Look)) parent[a] = b;
        }
  }
  const groups = new Map<number, number[]>();
  looks.forEach((look, i) => {
    const group = groups.get(find(i));
    if (group) group.push(look.index);
    else groups.set(find(i), [look.index]);
  });
  return [...groups.values()].filter((group) => group.length > 1);
}

function describe(dataset: Dataset, groups: readonly number[][]): Problem[] {
  const acrossClasses: string[][] = [];
  const acrossSplits: string[][] = [];
  const within: string[][] = [];
  for (const group of groups) {
    const members = group.flatMap((i) => dataset.examples[i] ?? []);
    const paths = members.map((example) => example.path);
    const classes = new Set(members.map((example) => example.label)).size;
    const splits = new Set(members.map((example) => example.split)).size;
    if (splits > 1) acrossSplits.push(paths);
    if (classes > 1) acrossClasses.push(paths);
    if (splits === 1 && classes === 1) within.push(paths);
  }
  const found: Problem[] = [];
  if (acrossSplits.length > 0) found.push(problems.lookalikesAcrossSplits(acrossSplits.flat(), acrossSplits.length));
  if (acrossClasses.length > 0) found.push(problems.lookalikesAcrossClasses(acrossClasses.flat(), acrossClasses.length));
  if (within.length > 0) found.push(problems.lookalikes(within.flat(), within.length));
  return found;
}

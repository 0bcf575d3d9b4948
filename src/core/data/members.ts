import { type Split, splitNames } from '../../protocol/data';

/** Of numbered examples those of each split, ascending; in memory 4 bytes an example. */
export function membersOf(count: number, splitOf: (example: number) => Split): Record<Split, Uint32Array> {
  const counts: Record<Split, number> = { train: 0, validation: 0, test: 0 };
  for (let example = 0; example < count; example++) counts[splitOf(example)]++;
  const members = {
    train: new Uint32Array(counts.train),
    validation: new Uint32Array(counts.validation),
    test: new Uint32Array(counts.test),
  };
  for (const split of splitNames) counts[split] = 0;
  for (let example = 0; example < count; example++) {
    const split = splitOf(example);
    members[split][counts[split]++] = example;
  }
  return members;
}

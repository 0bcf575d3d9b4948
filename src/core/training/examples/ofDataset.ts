import type { Problem, Split } from '../../../protocol/data';
import { membersOf } from '../../data';
import { Growing, Rows, type TextDataset, textProblems } from '../../data/text';
import { type EncodedExample, type EncodingOptions, encoderFor, type SequenceExample } from './encoding';
import type { Sequence, Sequences } from './sequences';
import type { Windows } from './windows';

/** Tokens of split texts that are in memory, as their windows are asked for one by one. */
const recentTokens = 2 ** 20;

/**
 * The examples of a data set as sequences, one each or the windows of a long text, encoded when they are asked for. All are
 * encoded once before, for their lengths: in memory are 4 bytes of each, and 8 more where texts are split.
 * @returns also what is to be said of those that are too long
 */
export async function sequencesOf(dataset: TextDataset, options: EncodingOptions): Promise<{ sequences: Sequences; problems: Problem[] }> {
  const encode = encoderFor(dataset.task as SequenceExample['task'], options);
  const lengths = new Growing(Uint32Array);
  const starts = new Uint32Array(dataset.count + 1);
  const [cut, split] = [new Rows(), new Rows()];
  for await (const { example, content } of dataset.readAll()) {
    const parts = encode(content as SequenceExample);
    for (const { ids, target } of parts) lengths.push(Math.max(ids.length, target?.length ?? 0));
    starts[example + 1] = lengths.length;
    if (parts.length > 1) split.add(() => dataset.whereOf(example));
    if (parts.some(({ isCut }) => isCut)) cut.add(() => dataset.whereOf(example));
  }
  const problems: Problem[] = [];
  if (split.count > 0) problems.push(textProblems.split(split, options.maxLength, dataset.count));
  if (cut.count > 0) {
    const told = options.longTexts === 'windows' ? textProblems.cutBeside : textProblems.cut;
    problems.push(told(cut, options.maxLength, dataset.count));
  }
  const read = async (example: number) => encode((await dataset.read(example)) as SequenceExample);
  return {
    sequences: split.count > 0 ? windowed(dataset, lengths.toArray(), starts, read) : plain(dataset, lengths.toArray(), read),
    problems,
  };
}

type Read = (example: number) => Promise<EncodedExample[]>;

function plain(dataset: TextDataset, lengths: Uint32Array, read: Read): Sequences {
  const members: Partial<Record<Split, Uint32Array>> = {};
  return {
    count: dataset.count,
    lengths,
    members: (split) => {
      members[split] ??= dataset.members(split);
      return members[split];
    },
    labelOf: (example) => dataset.labelOf(example),
    nameOf: (example) => dataset.whereOf(example),
    read: async (example) => (await read(example))[0] as Sequence,
    close: () => dataset.close(),
  };
}

/** @param starts the first window of each text, and after the last how many there are */
function windowed(dataset: TextDataset, lengths: Uint32Array, starts: Uint32Array, read: Read): Sequences {
  const first = (text: number) => starts[text] as number;
  const texts = new Uint32Array(lengths.length);
  for (let text = 0; text < dataset.count; text++) texts.fill(text, first(text), first(text + 1));
  const textOf = (window: number) => texts[window] as number;
  const windows: Windows = {
    firstOf: (window) => first(textOf(window)),
    countOf: (window) => first(textOf(window) + 1) - first(textOf(window)),
  };
  const members = membersOf(lengths.length, (window) => dataset.splitOf(textOf(window)));
  const recent = new Recent(read, (text) => lengths.subarray(first(text), first(text + 1)).reduce((sum, length) => sum + length, 0));
  return {
    count: lengths.length,
    lengths,
    windows,
    members: (split) => members[split],
    labelOf: (window) => dataset.labelOf(textOf(window)),
    nameOf: (window) => dataset.whereOf(textOf(window)),
    read: async (window) => (await recent.read(textOf(window)))[window - windows.firstOf(window)] as Sequence,
    close: () => dataset.close(),
  };
}

/** Texts that were read last: a text's windows are near each other in some orders, and all of it is encoded for any of them. */
class Recent {
  private readonly texts = new Map<number, Promise<EncodedExample[]>>();
  private tokens = 0;

  constructor(
    private readonly fresh: Read,
    private readonly tokensOf: (text: number) => number,
  ) {}

  read(text: number): Promise<EncodedExample[]> {
    const known = this.texts.get(text);
    if (known) return known;
    const found = this.fresh(text);
    found.catch(() => this.drop(text)); // whoever asked hears of it
    this.texts.set(text, found);
    this.tokens += this.tokensOf(text);
    for (const oldest of this.texts.keys()) {
      if (this.tokens <= recentTokens || oldest === text) break;
      this.drop(oldest);
    }
    return found;
  }

  private drop(text: number): void {
    if (this.texts.delete(text)) this.tokens -= this.tokensOf(text);
  }
}

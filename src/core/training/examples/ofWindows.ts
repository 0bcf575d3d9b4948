import type { Problem } from '../../../protocol/data';
import { membersOf } from '../../data';
import { Growing, Rows, type TextDataset, type TextExample, textProblems } from '../../data/text';
import type { Encoded, TextTokenizer } from '../../text';
import { type Preparing, Turns } from '../preparing';
import type { EncodingOptions } from './encoding';
import type { Sequence, Sequences } from './sequences';
import { TokenStore } from './tokenStore';
import type { Windows } from './windows';

/**
 * The texts of a data set of classes as sequences, a long one as several windows. All are encoded once and kept: a text is not
 * encoded anew for each of its windows.
 * @returns also what is to be said of those that are long
 * @throws ThawError `config.invalid` where windows have no room · `io.*` where tokens that are too many for memory cannot be
 *   written aside
 */
export async function windowsOf(
  dataset: TextDataset,
  { tokenizer, maxLength }: Pick<EncodingOptions, 'tokenizer' | 'maxLength'>,
  preparing?: Preparing,
): Promise<{ sequences: Sequences; problems: Problem[] }> {
  const kept = new KeptWindows(tokenizer.size);
  const texts = new Growing(Uint32Array);
  const starts = new Uint32Array(dataset.count + 1);
  const [split, cut] = [new Rows(), new Rows()];
  const turns = new Turns(preparing);
  try {
    for await (const { example, content } of dataset.readAll()) {
      await turns.at(example, dataset.count);
      const windows = windowsOfText(tokenizer, content, maxLength);
      for (const window of windows) {
        await kept.add(window);
        texts.push(example);
      }
      starts[example + 1] = texts.length;
      if (windows.length > 1) split.add(() => dataset.whereOf(example));
      if (windows.some((window) => window.cut > 0)) cut.add(() => dataset.whereOf(example));
    }
  } catch (error) {
    await kept.close();
    throw error;
  }
  const problems: Problem[] = [];
  if (split.count > 0) problems.push(textProblems.split(split, maxLength, dataset.count));
  if (cut.count > 0) problems.push(textProblems.cutBeside(cut, maxLength, dataset.count));
  return { sequences: sequencesFrom(dataset, kept, texts.toArray(), starts), problems };
}

function windowsOfText(tokenizer: TextTokenizer, content: TextExample, maxLength: number): Encoded[] {
  if (content.task === 'text-classification') return tokenizer.windows(content.text, { maxLength });
  if (content.task === 'text-pair-classification') return tokenizer.windows(content.text, { pair: content.secondText, maxLength });
  throw new Error(`Examples of ${content.task} have no windows.`);
}

/**
 * @param texts of each window, the text that it is of
 * @param starts the first window of each text, and after the last how many there are
 */
function sequencesFrom(dataset: TextDataset, kept: KeptWindows, texts: Uint32Array, starts: Uint32Array): Sequences {
  const count = texts.length;
  const textOf = (window: number) => texts[window] as number;
  const first = (text: number) => starts[text] as number;
  const windows: Windows = {
    firstOf: (window) => first(textOf(window)),
    countOf: (window) => first(textOf(window) + 1) - first(textOf(window)),
  };
  const members = membersOf(count, (window) => dataset.splitOf(textOf(window)));
  return {
    count,
    lengths: kept.lengths(),
    ...(count > dataset.count && { windows }),
    members: (split) => members[split],
    labelOf: (window) => dataset.labelOf(textOf(window)),
    nameOf: (window) => dataset.whereOf(textOf(window)),
    areReady: true,
    read: (window) => kept.read(window),
    async close() {
      await Promise.all([kept.close(), dataset.close()]);
    },
  };
}

/** Windows in their order. */
class KeptWindows {
  /** Of each its ids, and its types after them where any of them is of a second text. */
  private readonly store: TokenStore;
  private readonly counts = new Growing(Uint32Array);

  constructor(vocabulary: number) {
    this.store = new TokenStore(vocabulary);
  }

  async add({ ids, types }: Encoded): Promise<void> {
    this.counts.push(ids.length);
    await this.store.append(types.some((type) => type > 0) ? [...ids, ...types] : ids);
  }

  lengths(): Uint32Array {
    return this.counts.toArray();
  }

  async read(window: number): Promise<Sequence> {
    const all = await this.store.read(window);
    const length = this.counts.at(window);
    return all.length > length ? { ids: all.subarray(0, length), types: all.subarray(length) } : { ids: all };
  }

  close(): Promise<void> {
    return this.store.close();
  }
}

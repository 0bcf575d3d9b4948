import type { Problem } from '../../../protocol/data';
import { membersOf } from '../../data';
import { Growing, Rows, type TextDataset, type TextExample, textProblems } from '../../data/text';
import type { Encoded, TextTokenizer } from '../../text';
import { type Preparing, Turns } from '../preparing';
import type { EncodingOptions } from './encoding';
import { SequenceStore } from './sequenceStore';
import type { Sequences } from './sequences';
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
  const kept = new SequenceStore(tokenizer.size);
  const [texts, lengths] = [new Growing(Uint32Array), new Growing(Uint32Array)];
  const starts = new Uint32Array(dataset.count + 1);
  const [split, cut] = [new Rows(), new Rows()];
  const turns = new Turns(preparing);
  try {
    for await (const { example, content } of dataset.readAll()) {
      await turns.at(example, dataset.count);
      const windows = windowsOfText(tokenizer, content, maxLength);
      for (const window of windows) {
        await kept.append(window);
        texts.push(example);
        lengths.push(window.ids.length);
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
  return { sequences: sequencesFrom(dataset, { kept, lengths: lengths.toArray(), texts: texts.toArray(), starts }), problems };
}

/** The windows of a text, or of two as a pair. */
export function windowsOfText(tokenizer: TextTokenizer, content: TextExample, maxLength: number): Encoded[] {
  if (content.task === 'text-classification') return tokenizer.windows(content.text, { maxLength });
  if (content.task === 'text-pair-classification') return tokenizer.windows(content.text, { pair: content.secondText, maxLength });
  throw new Error(`Examples of ${content.task} have no windows.`);
}

interface KeptWindows {
  readonly kept: SequenceStore;
  /** Tokens of each window. */
  readonly lengths: Uint32Array;
  /** Of each window, the text that it is of. */
  readonly texts: Uint32Array;
  /** The first window of each text, and after the last how many there are. */
  readonly starts: Uint32Array;
}

function sequencesFrom(dataset: TextDataset, { kept, lengths, texts, starts }: KeptWindows): Sequences {
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
    lengths,
    ...(count > dataset.count && { windows }),
    members: (split) => members[split],
    labelOf: (window) => dataset.labelOf(textOf(window)),
    nameOf: (window) => dataset.whereOf(textOf(window)),
    read: (window) => kept.read(window),
    async close() {
      await Promise.all([kept.close(), dataset.close()]);
    },
  };
}

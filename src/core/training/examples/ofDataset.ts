import type { Problem } from '../../../protocol/data';
import { hasClasses } from '../../../protocol/defaults';
import { membersOf } from '../../data';
import { Rows, type TextDataset, textProblems } from '../../data/text';
import { type Preparing, Turns } from '../preparing';
import { type EncodingOptions, encoderFor, type SequenceExample } from './encoding';
import { SequenceStore } from './sequenceStore';
import type { Sequences } from './sequences';

/**
 * The examples of a data set as sequences, one each. All are encoded once and kept.
 * @returns also what is to be said of those that are cut
 * @throws ThawError `io.*` where tokens that are too many for memory cannot be written aside · `interrupted`
 */
export async function sequencesOf(
  dataset: TextDataset,
  options: EncodingOptions,
  preparing?: Preparing,
): Promise<{ sequences: Sequences; problems: Problem[] }> {
  const encode = encoderFor(dataset.task as SequenceExample['task'], options);
  const lengths = new Uint32Array(dataset.count);
  const cut = new Rows();
  const kept = new SequenceStore(options.tokenizer.size);
  const turns = new Turns(preparing);
  try {
    for await (const { example, content } of dataset.readAll()) {
      await turns.at(example, dataset.count);
      const { isCut, ...sequence } = encode(content as SequenceExample);
      await kept.append(sequence);
      lengths[example] = Math.max(sequence.ids.length, sequence.target?.length ?? 0);
      if (isCut) cut.add(() => dataset.whereOf(example));
    }
  } catch (error) {
    await kept.close();
    throw error;
  }
  const members = membersOf(dataset.count, (example) => dataset.splitOf(example));
  const sequences: Sequences = {
    count: dataset.count,
    lengths,
    members: (split) => members[split],
    labelOf: (example) => dataset.labelOf(example),
    nameOf: (example) => dataset.whereOf(example),
    read: (example) => kept.read(example),
    async close() {
      await Promise.all([kept.close(), dataset.close()]);
    },
  };
  return { sequences, problems: cut.count > 0 ? [textProblems.cut(cut, options.maxLength, dataset.count, hasClasses(dataset.task))] : [] };
}

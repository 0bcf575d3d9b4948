import type { Problem, Split } from '../../../protocol/data';
import { Rows, type TextDataset, textProblems } from '../../data/text';
import { type Preparing, Turns } from '../preparing';
import { type EncodingOptions, encoderFor, type SequenceExample } from './encoding';
import type { Sequences } from './sequences';

/**
 * The examples of a data set as sequences, one each, encoded when they are asked for. All are encoded once before, for their
 * lengths.
 * @returns also what is to be said of those that are cut
 */
export async function sequencesOf(
  dataset: TextDataset,
  options: EncodingOptions,
  preparing?: Preparing,
): Promise<{ sequences: Sequences; problems: Problem[] }> {
  const encode = encoderFor(dataset.task as SequenceExample['task'], options);
  const lengths = new Uint32Array(dataset.count);
  const cut = new Rows();
  const turns = new Turns(preparing);
  for await (const { example, content } of dataset.readAll()) {
    await turns.at(example, dataset.count);
    const { ids, target, isCut } = encode(content as SequenceExample);
    lengths[example] = Math.max(ids.length, target?.length ?? 0);
    if (isCut) cut.add(() => dataset.whereOf(example));
  }
  const members: Partial<Record<Split, Uint32Array>> = {};
  const sequences: Sequences = {
    count: dataset.count,
    lengths,
    members: (split) => {
      members[split] ??= dataset.members(split);
      return members[split];
    },
    labelOf: (example) => dataset.labelOf(example),
    nameOf: (example) => dataset.whereOf(example),
    read: async (example) => encode((await dataset.read(example)) as SequenceExample),
    close: () => dataset.close(),
  };
  return { sequences, problems: cut.count > 0 ? [textProblems.cut(cut, options.maxLength, dataset.count)] : [] };
}

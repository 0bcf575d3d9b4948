import type { Problem } from '../../../protocol/data';
import { hasClasses } from '../../../protocol/defaults';
import { membersOf } from '../../data';
import { Rows, type TextDataset, textProblems } from '../../data/text';
import { type Preparing, Turns } from '../preparing';
import { type EncodingOptions, encoderFor, type SequenceExample } from './encoding';
import { bytesOfSequence, type Sequence, type Sequences } from './sequences';

/** Bytes of tokens that are kept, so that a text is not encoded again when it is first read. */
const tokenLimit = 64 * 2 ** 20;

/**
 * The examples of a data set as sequences, one each, encoded when they are asked for. All are encoded once before, for their
 * lengths; as many as there is room for are kept.
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
  const kept: Sequence[] = [];
  let room = tokenLimit;
  const turns = new Turns(preparing);
  for await (const { example, content } of dataset.readAll()) {
    await turns.at(example, dataset.count);
    const { isCut, ...sequence } = encode(content as SequenceExample);
    const { ids, target } = sequence;
    room -= bytesOfSequence(sequence);
    if (room >= 0) kept.push(sequence);
    lengths[example] = Math.max(ids.length, target?.length ?? 0);
    if (isCut) cut.add(() => dataset.whereOf(example));
  }
  const members = membersOf(dataset.count, (example) => dataset.splitOf(example));
  const sequences: Sequences = {
    count: dataset.count,
    lengths,
    members: (split) => members[split],
    labelOf: (example) => dataset.labelOf(example),
    nameOf: (example) => dataset.whereOf(example),
    areReady: kept.length === dataset.count,
    read: async (example) => kept[example] ?? encode((await dataset.read(example)) as SequenceExample),
    close: () => dataset.close(),
  };
  return { sequences, problems: cut.count > 0 ? [textProblems.cut(cut, options.maxLength, dataset.count, hasClasses(dataset.task))] : [] };
}

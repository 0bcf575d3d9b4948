import type { Split } from '../../../protocol/data';
import { Growing, type TextDataset } from '../../data/text';
import { blocksOf, type TextTokenizer } from '../../text';
import type { Sequences } from './sequences';

/**
 * Plain text as blocks of tokens for a language model, each to be told from its second token on. Where texts of a file continue
 * each other (lines, paragraphs), so do their tokens; else each text is a document, between the tokens for its beginning and
 * its end where the tokenizer has them, and no block holds two.
 * @param maxLength tokens of a block
 */
export async function blocksOfTexts(dataset: TextDataset, tokenizer: TextTokenizer, maxLength: number): Promise<Sequences> {
  const blocks = new Blocks(dataset);
  if (dataset.separator === null) await addDocuments(blocks, dataset, tokenizer, maxLength);
  else await addStreams(blocks, dataset, dataset.separator, tokenizer, maxLength);
  return blocks.sequences();
}

async function addDocuments(blocks: Blocks, dataset: TextDataset, tokenizer: TextTokenizer, maxLength: number): Promise<void> {
  const { eos } = tokenizer.special;
  for await (const { example, content } of dataset.readAll()) {
    if (content.task !== 'causal-lm') continue;
    const { ids } = tokenizer.encode(content.text);
    if (eos !== null && ids.at(-1) !== eos) ids.push(eos);
    for (const block of blocksOf(ids, maxLength)) blocks.add(example, block);
  }
}

async function addStreams(
  blocks: Blocks,
  dataset: TextDataset,
  separator: string,
  tokenizer: TextTokenizer,
  maxLength: number,
): Promise<void> {
  // One stream for each file and split, as what stood between two texts may have gone to another.
  let stream = { name: '', first: 0, tokens: [] as number[] };
  const finish = () => {
    for (const block of blocksOf(stream.tokens, maxLength)) blocks.add(stream.first, block);
  };
  for await (const { example, content } of dataset.readAll()) {
    if (content.task !== 'causal-lm') continue;
    const name = `${dataset.splitOf(example)} ${dataset.whereOf(example).replace(/:\d+$/, '')}`;
    if (name !== stream.name) {
      finish();
      stream = { name, first: example, tokens: [] };
    }
    for (const id of tokenizer.ids(`${content.text}${separator}`)) stream.tokens.push(id);
    while (stream.tokens.length >= maxLength) {
      blocks.add(stream.first, stream.tokens.splice(0, maxLength));
      stream.first = example;
    }
  }
  finish();
}

/** Blocks one after another; in memory 4 bytes a token. */
class Blocks {
  private readonly tokens = new Growing(new Int32Array(1 << 16));
  private readonly starts = new Growing(new Float64Array(1024));
  /** The example in which each begins. */
  private readonly examples = new Growing(new Uint32Array(1024));

  constructor(private readonly dataset: TextDataset) {}

  add(example: number, block: ArrayLike<number>): void {
    this.starts.push(this.tokens.length);
    this.examples.push(example);
    for (let i = 0; i < block.length; i++) this.tokens.push(block[i] as number);
  }

  sequences(): Sequences {
    const { tokens, starts, examples, dataset } = this;
    const count = starts.length;
    const end = (block: number) => (block + 1 < count ? starts.at(block + 1) : tokens.length);
    const members: Record<Split, number[]> = { train: [], validation: [], test: [] };
    for (let block = 0; block < count; block++) members[dataset.splitOf(examples.at(block))].push(block);
    return {
      count,
      lengths: Uint32Array.from({ length: count }, (_, block) => end(block) - starts.at(block)),
      members: (split) => members[split],
      labelOf: () => -1,
      nameOf: (block) => dataset.whereOf(examples.at(block)),
      read: async (block) => ({
        ids: Int32Array.from({ length: end(block) - starts.at(block) }, (_, i) => tokens.at(starts.at(block) + i)),
      }),
      close: () => dataset.close(),
    };
  }
}

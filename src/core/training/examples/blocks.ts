import type { Split } from '../../../protocol/data';
import { membersOf } from '../../data';
import { Growing, type StoreOptions, type TextDataset } from '../../data/text';
import { blocksOf, type TextTokenizer } from '../../text';
import { type Preparing, Turns } from '../preparing';
import type { Sequences } from './sequences';
import { TokenStore } from './tokenStore';

export interface BlocksOptions {
  readonly tokenizer: TextTokenizer;
  /** Tokens of a block. */
  readonly maxLength: number;
  readonly preparing?: Preparing;
  readonly store?: StoreOptions;
}

/**
 * Plain text as blocks of tokens for a language model, each to be told from its second token on. Where texts of a file continue
 * each other (lines, paragraphs), so do the tokens of each split, also over what went to another between them: so all blocks are
 * full but the last. Else each text is a document, between the tokens for its beginning and its end where the tokenizer has them,
 * and no block holds two.
 * @throws ThawError `io.*` where tokens that are too many for memory cannot be written aside · `interrupted`
 */
export async function blocksOfTexts(dataset: TextDataset, { store, ...options }: BlocksOptions): Promise<Sequences> {
  const blocks = new Blocks(dataset, new TokenStore(options.tokenizer.size, store));
  try {
    if (dataset.separator === null) await addDocuments(blocks, dataset, options);
    else await addStreams(blocks, dataset, dataset.separator, options);
    return blocks.sequences();
  } catch (error) {
    await blocks.close();
    throw error;
  }
}

async function addDocuments(blocks: Blocks, dataset: TextDataset, { tokenizer, maxLength, preparing }: BlocksOptions): Promise<void> {
  const turns = new Turns(preparing);
  const { eos } = tokenizer.special;
  for await (const { example, content } of dataset.readAll()) {
    await turns.at(example, dataset.count);
    if (content.task !== 'causal-lm') continue;
    const { ids } = tokenizer.encode(content.text);
    if (eos !== null && ids.at(-1) !== eos) ids.push(eos);
    for (const block of blocksOf(ids, maxLength)) await blocks.add(example, block);
  }
}

async function addStreams(
  blocks: Blocks,
  dataset: TextDataset,
  separator: string,
  { tokenizer, maxLength, preparing }: BlocksOptions,
): Promise<void> {
  const turns = new Turns(preparing);
  let file = '';
  let streams = new Map<Split, Stream>();
  const finish = async () => {
    for (const { block, filled, first } of streams.values())
      for (const rest of blocksOf(block.subarray(0, filled), maxLength)) await blocks.add(first, rest);
    streams = new Map();
  };
  for await (const { example, content } of dataset.readAll()) {
    await turns.at(example, dataset.count);
    if (content.task !== 'causal-lm') continue;
    const own = dataset.whereOf(example).replace(/:\d+$/, '');
    if (own !== file) await finish();
    file = own;
    const split = dataset.splitOf(example);
    const stream = streams.get(split) ?? { block: new Int32Array(maxLength), filled: 0, first: example };
    streams.set(split, stream);
    for (const id of tokenizer.ids(`${content.text}${separator}`)) {
      if (stream.filled === 0) stream.first = example;
      stream.block[stream.filled++] = id;
      if (stream.filled < maxLength) continue;
      await blocks.add(stream.first, stream.block);
      stream.filled = 0;
    }
  }
  await finish();
}

/** The block of a file's split that is being filled, and the text in which it begins. */
interface Stream {
  readonly block: Int32Array;
  filled: number;
  first: number;
}

/** Blocks one after another; in memory 8 bytes a block, and of the tokens as many as the store keeps there. */
class Blocks {
  /** The example in which each begins. */
  private readonly examples = new Growing(Uint32Array);

  constructor(
    private readonly dataset: TextDataset,
    private readonly tokens: TokenStore,
  ) {}

  async add(example: number, block: Int32Array): Promise<void> {
    this.examples.push(example);
    await this.tokens.append(block);
  }

  async close(): Promise<void> {
    await this.tokens.close();
  }

  sequences(): Sequences {
    const { dataset, tokens } = this;
    const examples = this.examples.toArray();
    const members = membersOf(examples.length, (block) => dataset.splitOf(examples[block] as number));
    return {
      count: examples.length,
      lengths: tokens.lengths(),
      members: (split) => members[split],
      labelOf: () => -1,
      nameOf: (block) => dataset.whereOf(examples[block] as number),
      read: async (block) => ({ ids: await tokens.read(block) }),
      async close() {
        await Promise.all([tokens.close(), dataset.close()]);
      },
    };
  }
}

import { membersOf } from '../../data';
import { ByteStore, Growing, Spans, type StoreOptions, type TextDataset } from '../../data/text';
import { blocksOf, type TextTokenizer } from '../../text';
import { type Preparing, Turns } from '../preparing';
import type { Sequences } from './sequences';

/** Bytes of tokens in memory; those beyond are in a file. */
const tokenLimit = 64 * 2 ** 20;

export interface BlocksOptions {
  readonly tokenizer: TextTokenizer;
  /** Tokens of a block. */
  readonly maxLength: number;
  readonly preparing?: Preparing;
  readonly store?: StoreOptions;
}

/**
 * Plain text as blocks of tokens for a language model, each to be told from its second token on. Where texts of a file continue
 * each other (lines, paragraphs), so do their tokens; else each text is a document, between the tokens for its beginning and
 * its end where the tokenizer has them, and no block holds two.
 * @throws ThawError `io.*` where tokens that are too many for memory cannot be written aside · `interrupted`
 */
export async function blocksOfTexts(dataset: TextDataset, { store, ...options }: BlocksOptions): Promise<Sequences> {
  const blocks = new Blocks(dataset, options.tokenizer.size, { memoryBytes: tokenLimit, ...store });
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
  // One stream for each file and split, as what stood between two texts may have gone to another.
  let name = '';
  const block = new Int32Array(maxLength);
  let filled = 0;
  let first = 0;
  const finish = async () => {
    for (const rest of blocksOf(block.subarray(0, filled), maxLength)) await blocks.add(first, rest);
    filled = 0;
  };
  for await (const { example, content } of dataset.readAll()) {
    await turns.at(example, dataset.count);
    if (content.task !== 'causal-lm') continue;
    const own = `${dataset.splitOf(example)} ${dataset.whereOf(example).replace(/:\d+$/, '')}`;
    if (own !== name) await finish();
    name = own;
    for (const id of tokenizer.ids(`${content.text}${separator}`)) {
      if (filled === 0) first = example;
      block[filled++] = id;
      if (filled < maxLength) continue;
      await blocks.add(first, block);
      filled = 0;
    }
  }
  await finish();
}

/** Blocks one after another; in memory 8 bytes a block, and of the tokens as many as the store keeps there. */
class Blocks {
  private readonly spans = new Spans();
  /** The example in which each begins. */
  private readonly examples = new Growing(Uint32Array);
  private readonly tokens: ByteStore;
  private readonly Ids: typeof Uint16Array | typeof Int32Array;

  /** @param vocabulary one more than the largest number of a token */
  constructor(
    private readonly dataset: TextDataset,
    vocabulary: number,
    store: StoreOptions,
  ) {
    this.tokens = new ByteStore(store);
    this.Ids = vocabulary <= 1 << 16 ? Uint16Array : Int32Array;
  }

  async add(example: number, block: Int32Array): Promise<void> {
    this.spans.add(block.length);
    this.examples.push(example);
    await this.tokens.append(Buffer.from(this.Ids.from(block).buffer));
  }

  async close(): Promise<void> {
    await this.tokens.close();
  }

  sequences(): Sequences {
    const { dataset, spans, tokens, Ids } = this;
    const examples = this.examples.toArray();
    const members = membersOf(examples.length, (block) => dataset.splitOf(examples[block] as number));
    return {
      count: examples.length,
      lengths: spans.toArray(),
      members: (split) => members[split],
      labelOf: () => -1,
      areReady: true,
      nameOf: (block) => dataset.whereOf(examples[block] as number),
      async read(block) {
        const ids = new Ids(spans.lengthOf(block));
        const start = spans.startOf(block) * Ids.BYTES_PER_ELEMENT;
        new Uint8Array(ids.buffer).set(await tokens.read(start, start + ids.byteLength));
        return { ids };
      },
      async close() {
        await Promise.all([tokens.close(), dataset.close()]);
      },
    };
  }
}

import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { tf } from '../../engine/ops';
import {
  type Activation,
  Dropout,
  Embedding,
  Group,
  Linear,
  Module,
  paddingBias,
  RmsNorm,
  rooted,
  type Scope,
  type Shape,
  swapped,
  TiedLinear,
} from '../../nn';
import { numbered } from './encoderLayer';
import { HiddenDropout } from './hiddenDropout';
import { activationNamed, positive, rate, refused } from './settings';
import { AttentionPart, FeedForwardPart, initial, same, type T5Size } from './t5Parts';
import { type Buckets, distanceBias } from './t5Positions';
import type { TextFamily, TextHead, TextModel } from './textModel';

/** `config.json` of transformers' T5, with the defaults of its T5Config. */
const schema = z.looseObject({
  vocab_size: positive.default(32128),
  d_model: positive.default(512),
  d_kv: positive.default(64),
  d_ff: positive.default(2048),
  num_layers: positive.default(6),
  num_decoder_layers: positive.nullish(),
  num_heads: positive.default(8),
  relative_attention_num_buckets: positive.default(32),
  relative_attention_max_distance: positive.default(128),
  n_positions: positive.default(512),
  layer_norm_epsilon: z.number().positive().default(1e-6),
  feed_forward_proj: z.string().default('relu'),
  tie_word_embeddings: z.boolean().nullish(),
  /** What transformers 5 says in the place of tie_word_embeddings. */
  scale_decoder_outputs: z.boolean().optional(),
  dropout_rate: rate.default(0.1),
  pad_token_id: z.int().min(0).nullish(),
  decoder_start_token_id: z.int().min(0).nullish(),
});

/** The first block of a stack has its table of distances; the others borrow it. */
interface Distances {
  readonly table: Embedding;
  readonly buckets: Buckets;
}

/** [N, S, D] → [N, S, D] */
class EncoderBlock extends Module {
  readonly type = 'EncoderBlock';
  private readonly self: AttentionPart;
  private readonly feed: FeedForwardPart;

  constructor(
    size: T5Size,
    private readonly distances: Distances,
    isFirst: boolean,
  ) {
    super();
    if (!isFirst) this.borrow(distances.table);
    this.self = new AttentionPart(size, 'SelfAttention', 'none', isFirst ? distances.table : undefined);
    this.feed = new FeedForwardPart(size);
    this.child('layer', numbered('Layers', [this.self, this.feed]));
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const { table, buckets } = this.distances;
    const bias = added(distanceBias(table, x.shape[1] as number, buckets, scope), paddingBias(scope));
    return swapped(this.feed.forward(this.self.forward(swapped(x), scope, { bias }), scope));
  }

  override outputShape(input: Shape): Shape {
    return input;
  }
}

/**
 * What was read stays before what is being written, so that a chain of modules carries both: [N, S + T, D] → the same shape.
 * Which are the last T says `decoderIds` beside.
 */
class DecoderBlock extends Module {
  readonly type = 'DecoderBlock';
  private readonly self: AttentionPart;
  private readonly other: AttentionPart;
  private readonly feed: FeedForwardPart;

  constructor(
    size: T5Size,
    private readonly distances: Distances,
    isFirst: boolean,
  ) {
    super();
    if (!isFirst) this.borrow(distances.table);
    this.self = new AttentionPart(size, 'SelfAttention', 'written', isFirst ? distances.table : undefined);
    this.other = new AttentionPart(size, 'EncDecAttention', 'read');
    this.feed = new FeedForwardPart(size);
    this.child('layer', numbered('Layers', [this.self, this.other, this.feed]));
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const { table, buckets } = this.distances;
    const [read, written] = apart(x, scope);
    const bias = added(distanceBias(table, written.shape[0] as number, buckets, scope, scope.past), paddingBias(scope, 'decoderMask'));
    const self = this.self.forward(written, scope, { bias, causal: true });
    const other = this.other.forward(self, scope, { read, bias: paddingBias(scope) });
    return swapped(tf.concat([read, this.feed.forward(other, scope)], 0));
  }

  override outputShape(input: Shape): Shape {
    return input;
  }

  /** Its layers see one of the two texts at a time, taken to be equally long. */
  override childInputs([length, ...rest]: Shape): Shape[] {
    return this.children.map(() => [(length as number) / 2, ...rest]);
  }
}

/** The ids to be written join what was read: [N, S, D] → [N, S + T, D]. Has no tensors of its own, and no place in the tree. */
class DecoderStart extends Module {
  readonly type = 'DecoderStart';

  constructor(
    private readonly words: Embedding,
    private readonly dropout: Dropout,
  ) {
    super();
    this.borrow(words);
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return tf.concat([x, this.dropout.forward(this.words.forward(writtenIds(scope), scope), scope)], 1);
  }

  /** As long as both texts are together, which is known of the first alone: the other is taken to be as long. */
  override outputShape([length, features]: Shape): Shape {
    return [2 * (length as number), features as number];
  }
}

/** The norm after the decoder leaves what was written: [N, S + T, D] → [N, T, D]. */
class DecoderNorm extends RmsNorm {
  override forward(x: Tensor, scope: Scope): Tensor {
    return swapped(super.forward(apart(x, scope)[1], scope));
  }

  override outputShape([length, features]: Shape): Shape {
    return [(length as number) / 2, features as number];
  }
}

function writtenIds(scope: Scope): Tensor {
  const ids = scope.beside?.('decoderIds');
  if (!ids) throw new Error('T5 needs decoderIds beside');
  return ids;
}

/** [N, S + T, D] → what was read [S, N, D], and what is being written [T, N, D]. */
function apart(x: Tensor, scope: Scope): [Tensor, Tensor] {
  const written = writtenIds(scope).shape[1] as number;
  return tf.split(swapped(x), [(x.shape[1] as number) - written, written], 0) as [Tensor, Tensor];
}

function added(bias: Tensor, padding?: Tensor): Tensor {
  return padding ? tf.add(bias, padding) : bias;
}

function feedForward(setting: string): { activation: Activation; gated: boolean } {
  const gated = setting.startsWith('gated-');
  const name = gated ? setting.slice('gated-'.length) : setting;
  return { gated, activation: activationNamed(setting === 'gated-gelu' ? 'gelu_new' : name, 'feed_forward_proj') };
}

function build(raw: unknown, head: TextHead): TextModel {
  const { scale_decoder_outputs, ...config } = schema.parse(raw);
  const { vocab_size: vocabulary, d_model: features, num_heads: heads, layer_norm_epsilon: epsilon } = config;
  const buckets = (bothWays: boolean): Buckets => {
    const [count, furthest] = [config.relative_attention_num_buckets, config.relative_attention_max_distance];
    if (furthest <= count / (bothWays ? 4 : 2)) throw refused('relative_attention_max_distance', furthest);
    return { count, furthest, bothWays };
  };
  const table = (bothWays: boolean): Distances => ({
    table: new Embedding(config.relative_attention_num_buckets, heads),
    buckets: buckets(bothWays),
  });
  const { dropout_rate: dropout } = config;
  const size = {
    features,
    heads,
    width: config.d_kv,
    intermediate: config.d_ff,
    epsilon,
    dropout,
    ...feedForward(config.feed_forward_proj),
  };
  const tied = scale_decoder_outputs ?? config.tie_word_embeddings ?? true;

  const shared = new Embedding(vocabulary, features);
  const [readAt, writtenAt] = [table(true), table(false)];
  const reading = Array.from({ length: config.num_layers }, (_, i) => new EncoderBlock(size, readAt, i === 0));
  const readNorm = new RmsNorm(features, epsilon);
  const writing = Array.from(
    { length: config.num_decoder_layers ?? config.num_layers },
    (_, i) => new DecoderBlock(size, writtenAt, i === 0),
  );
  const writtenNorm = new DecoderNorm(features, epsilon);
  const lm_head = tied
    ? new TiedLinear(shared, { scale: 1 / Math.sqrt(features) })
    : new Linear(features, vocabulary, { bias: false, initial });
  const encoder = new Group('Encoder', { block: numbered('Blocks', reading), final_layer_norm: readNorm });
  const decoder = new Group(
    'Decoder',
    { block: numbered('Blocks', writing), final_layer_norm: writtenNorm },
    {
      output: same,
      inputs: ([length, ...rest]) => [
        [length as number, ...rest],
        [2 * (length as number), ...rest],
      ],
    },
  );
  // transformers has one for both ends of a stack
  const afterWords = encoder.aside('dropout', new HiddenDropout(dropout));
  const afterReading = encoder.aside('final_dropout', new HiddenDropout(dropout));
  const start = new DecoderStart(shared, decoder.aside('dropout', new Dropout(dropout)));
  const afterWriting = decoder.aside('final_dropout', new HiddenDropout(dropout));
  const architecture = 'T5ForConditionalGeneration';
  const root = rooted(new Group(architecture, { shared, encoder, decoder, lm_head }));
  return {
    architecture,
    title: `T5${size.gated ? ' 1.1' : ''}, ${reading.length} + ${writing.length} layers, ${features} wide`,
    family: 't5',
    kind: head,
    root,
    chain: [shared, afterWords, ...reading, readNorm, afterReading, start, ...writing, writtenNorm, afterWriting, lm_head],
    input: {
      vocabulary,
      maximumLength: config.n_positions,
      padding: config.pad_token_id ?? 0,
      beside: ['mask', 'decoderIds', 'decoderMask'],
    },
    classes: vocabulary,
    head: 'lm_head',
    decoder: { from: reading.length + 4, start: config.decoder_start_token_id ?? config.pad_token_id ?? 0, features },
    blocks: [...reading, ...writing].map(({ path }) => path),
    config: { ...config, tie_word_embeddings: tied, architectures: [architecture], model_type: 't5' },
    aliases: (name) => [name],
    drawn: [],
    ignored: (name) =>
      /^(en|de)coder\.embed_tokens\.weight$|EncDecAttention\.relative_attention_bias\.weight$/.test(name) ||
      (tied && name === 'lm_head.weight'),
  };
}

/** T5 (Raffel et al. 2020), T5 1.1 and Flan-T5 (Chung et al. 2022), named as in transformers: an encoder, and a decoder that reads it. */
export const t5Family: TextFamily = { types: ['t5'], heads: ['text-to-text'], build };

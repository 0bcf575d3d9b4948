import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { tf } from '../../engine/ops';
import {
  type Activation,
  causalAttention,
  Dropout,
  Embedding,
  Group,
  LayerNorm,
  Linear,
  Module,
  paddingBias,
  rooted,
  type Scope,
  type Scores,
  type Shape,
  swapped,
  TiedLinear,
} from '../../nn';
import { numbered } from './encoderLayer';
import { HiddenDropout } from './hiddenDropout';
import { languageHead } from './languageHead';
import { lastTokenClassifier } from './lastToken';
import { placesOf } from './positions';
import { activationNamed, classesOf, labelSettings, positive, rate, refused, requireSettings } from './settings';
import type { TextFamily, TextHead, TextModel, Top } from './textModel';

/** `config.json` of transformers' GPT-2, with the defaults of its GPT2Config. */
const schema = z.looseObject({
  vocab_size: positive.default(50257),
  n_positions: positive.default(1024),
  n_embd: positive.default(768),
  n_layer: positive.default(12),
  n_head: positive.default(12),
  n_inner: positive.nullish(),
  activation_function: z.string().default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  embd_pdrop: rate.default(0.1),
  resid_pdrop: rate.default(0.1),
  attn_pdrop: rate.default(0.1),
  pad_token_id: z.int().min(0).nullish(),
  eos_token_id: z.int().min(0).nullish(),
  ...labelSettings,
});
type Config = z.infer<typeof schema>;

/** A vector for each place in the text, added to what comes in. x: [N, S, D] → [N, S, D] */
class Positions extends Embedding {
  override forward(x: Tensor, scope: Scope): Tensor {
    const tokens = swapped(x); // [S, N, D]
    const places = placesOf(tokens.shape[0] as number, scope);
    // while a text is written, what fills up a piece may lie beyond the last place
    const known = scope.past ? tf.minimum(places, tf.scalar(this.rows - 1, 'int32')) : places;
    return swapped(tf.add(tokens, super.forward(known, scope)));
  }

  override outputShape(input: Shape): Shape {
    return input;
  }
}

interface Size {
  readonly features: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly activation: Activation;
  readonly epsilon: number;
  /** Rates of dropout: of what tokens look at, of what attention and the linear layers add. */
  readonly dropout: { readonly attention: number; readonly added: number };
}

/**
 * GPT-2's layer: a norm before attention and one before the two linear layers, each of which adds to what came in (Radford
 * et al. 2019; names and [in, out] weights as in transformers' `GPT2Block`).
 */
class Block extends Module {
  readonly type = 'Block';
  private readonly attentionNorm: LayerNorm;
  /** Query, key and value in one. */
  private readonly asked: Linear;
  private readonly mixed: Linear;
  private readonly feedNorm: LayerNorm;
  private readonly widened: Linear;
  private readonly narrowed: Linear;
  private readonly dropouts: { readonly attention: Dropout; readonly mixed: Dropout; readonly narrowed: Dropout };

  constructor(private readonly size: Size) {
    super();
    const { features, intermediate, activation, epsilon, dropout } = size;
    const linear = (input: number, output: number, after: Activation = 'none') =>
      new Linear(input, output, { activation: after, initial, inputFirst: true });
    [this.asked, this.mixed] = [linear(features, 3 * features), linear(features, features)];
    [this.widened, this.narrowed] = [linear(features, intermediate, activation), linear(intermediate, features)];
    this.attentionNorm = this.child('ln_1', new LayerNorm(features, epsilon));
    this.keeps('keys', features);
    this.keeps('values', features);
    const same = (input: Shape) => input;
    const parts = { c_attn: this.asked, c_proj: this.mixed };
    const attn = this.child('attn', new Group('Attention', parts, { output: same, inputs: (input) => [input, input] }));
    this.feedNorm = this.child('ln_2', new LayerNorm(features, epsilon));
    const mlp = this.child('mlp', new Group('FeedForward', { c_fc: this.widened, c_proj: this.narrowed }));
    this.dropouts = {
      attention: attn.aside('attn_dropout', new Dropout(dropout.attention)),
      mixed: attn.aside('resid_dropout', new Dropout(dropout.added)),
      narrowed: mlp.aside('dropout', new Dropout(dropout.added)),
    };
  }

  /** x: [N, S, D] → [N, S, D] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const tokens = swapped(x); // [S, N, D]
    const { features, heads } = this.size;
    const asked = tf.split(this.asked.forward(this.attentionNorm.forward(tokens, scope), scope), 3, 2) as [Tensor, Tensor, Tensor];
    const { attention: dropout, mixed, narrowed } = this.dropouts;
    const options = { bias: paddingBias(scope), heads, scale: 1 / Math.sqrt(features / heads), dropout };
    const seen = causalAttention(this, asked, options, scope);
    const between = tf.add(mixed.forward(this.mixed.forward(seen, scope), scope), tokens);
    const after = this.narrowed.forward(this.widened.forward(this.feedNorm.forward(between, scope), scope), scope);
    return swapped(tf.add(narrowed.forward(after, scope), between));
  }

  override outputShape(input: Shape): Shape {
    return input;
  }

  override scores([length = 0]: Shape): Scores {
    return { shape: [this.size.heads, length, length], areDropped: this.dropouts.attention.isNoisy };
  }
}

const initial = { kind: 'normal', deviation: 0.02 } as const;

function build(raw: unknown, head: TextHead, classes?: number): TextModel {
  const config = schema.parse(raw);
  requireSettings(config, { scale_attn_weights: true, scale_attn_by_inverse_layer_idx: false, add_cross_attention: false });
  const { n_embd: features, n_head: heads, layer_norm_epsilon: epsilon, vocab_size: vocabulary } = config;
  if (features % heads !== 0) throw refused('n_head', heads);
  const activation = activationNamed(config.activation_function, 'activation_function');
  const rates = { attention: config.attn_pdrop, added: config.resid_pdrop };
  const size = { features, heads, intermediate: config.n_inner ?? 4 * features, activation, epsilon, dropout: rates };
  const [words, positions] = [new Embedding(vocabulary, features), new Positions(config.n_positions, features)];
  const blocks = Array.from({ length: config.n_layer }, () => new Block(size));
  const norm = new LayerNorm(features, epsilon);
  const { beside, chain, ...top } = head === 'causal-lm' ? wordsOf(config, words) : classifierOf(config, classes);
  const parts = { wte: words, wpe: positions, h: numbered('Blocks', blocks), ln_f: norm };
  const transformer = new Group('GPT2', parts);
  const dropout = transformer.aside('drop', new HiddenDropout(config.embd_pdrop));
  const root = rooted(new Group(top.architecture, { transformer, ...beside }));
  return {
    ...top,
    title: `GPT-2, ${blocks.length} layers, ${features} wide`,
    family: 'gpt2',
    kind: head,
    root,
    chain: [words, positions, dropout, ...blocks, norm, ...chain],
    input: {
      vocabulary,
      maximumLength: config.n_positions,
      padding: config.pad_token_id ?? config.eos_token_id ?? 0,
      beside: ['mask'],
    },
    blocks: blocks.map(({ path }) => path),
    config: { ...config, architectures: [top.architecture], model_type: 'gpt2' },
    aliases: (name) => [name, name.replace(/^transformer\./, '')],
  };
}

/** Masks that early versions of transformers kept beside each attention. */
const buffers = /\.attn\.(masked_)?bias$/;

function wordsOf(config: Config, words: Embedding): Top {
  requireSettings(config, { tie_word_embeddings: true });
  const lm_head = new TiedLinear(words);
  const ignored = (name: string) => name === 'lm_head.weight' || name === 'score.weight' || buffers.test(name);
  return languageHead(lm_head, { architecture: 'GPT2LMHeadModel', classes: config.vocab_size, ignored });
}

function classifierOf(config: Config, classes = classesOf(config)): Top {
  const ignored = (name: string) => name === 'lm_head.weight' || buffers.test(name);
  return lastTokenClassifier({ architecture: 'GPT2ForSequenceClassification', features: config.n_embd, classes, ignored });
}

/** GPT-2 (Radford et al. 2019), named as in transformers: telling the next token, or with a classifier on the last one. */
export const gpt2Family: TextFamily = { types: ['gpt2'], heads: ['causal-lm', 'sequence-classification'], build };

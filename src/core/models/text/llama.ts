import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { tf } from '../../engine/ops';
import {
  type Activation,
  activate,
  causalAttention,
  Dropout,
  Embedding,
  Group,
  Linear,
  Module,
  paddingBias,
  RmsNorm,
  rooted,
  type Scope,
  type Scores,
  type Shape,
  swapped,
  TiedLinear,
} from '../../nn';
import { numbered } from './encoderLayer';
import { languageHead } from './languageHead';
import { lastTokenClassifier } from './lastToken';
import { frequenciesOf, rotarySettings, rotated } from './rotary';
import { activationNamed, classesOf, labelSettings, positive, rate, refused, requireSettings } from './settings';
import type { TextFamily, TextHead, TextModel, Top } from './textModel';

const ids = z.union([z.int().min(0), z.array(z.int().min(0))]).nullish();

/** `config.json` of transformers' Llama, with the defaults of its LlamaConfig. */
const llamaSchema = z.looseObject({
  vocab_size: positive.default(32000),
  hidden_size: positive.default(4096),
  intermediate_size: positive.default(11008),
  num_hidden_layers: positive.default(32),
  num_attention_heads: positive.default(32),
  num_key_value_heads: positive.nullish(),
  head_dim: positive.nullish(),
  hidden_act: z.string().default('silu'),
  max_position_embeddings: positive.default(2048),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  attention_dropout: rate.nullish(),
  pad_token_id: z.int().nullish(),
  eos_token_id: ids,
  ...rotarySettings,
  ...labelSettings,
});
type Config = z.infer<typeof llamaSchema>;

/** Where Qwen2Config has other defaults. */
const qwenSchema = llamaSchema.extend({
  vocab_size: positive.default(151936),
  intermediate_size: positive.default(22016),
  num_key_value_heads: positive.nullish().default(32),
  max_position_embeddings: positive.default(32768),
});

interface Size {
  readonly features: number;
  readonly heads: number;
  /** Heads of keys and values; each serves several of the queries. */
  readonly shared: number;
  /** Features of a head. */
  readonly width: number;
  readonly intermediate: number;
  readonly activation: Activation;
  readonly epsilon: number;
  readonly frequencies: readonly number[];
  /** Rate of dropout, of what tokens look at. */
  readonly dropout: number;
  readonly biases: { readonly asked: boolean; readonly mixed: boolean; readonly fed: boolean };
}

/**
 * Llama's layer: an RMS norm before attention with rotary positions and one before a gated feed-forward layer, each of which
 * adds to what came in (Touvron et al. 2023; names as transformers' `LlamaDecoderLayer`).
 */
class Layer extends Module {
  readonly type = 'DecoderLayer';
  private readonly query: Linear;
  private readonly key: Linear;
  private readonly value: Linear;
  private readonly mixed: Linear;
  private readonly gate: Linear;
  private readonly widened: Linear;
  private readonly narrowed: Linear;
  private readonly attentionNorm: RmsNorm;
  private readonly feedNorm: RmsNorm;
  private readonly dropout: Dropout;

  constructor(private readonly size: Size) {
    super();
    const { features, heads, shared, width, intermediate, biases } = size;
    const linear = (input: number, output: number, bias: boolean) => new Linear(input, output, { bias, initial });
    this.query = linear(features, heads * width, biases.asked);
    [this.key, this.value] = [linear(features, shared * width, biases.asked), linear(features, shared * width, biases.asked)];
    this.mixed = linear(heads * width, features, biases.mixed);
    [this.gate, this.widened] = [linear(features, intermediate, biases.fed), linear(features, intermediate, biases.fed)];
    this.narrowed = linear(intermediate, features, biases.fed);
    this.keeps('keys', shared * width);
    this.keeps('values', shared * width);
    const same = (input: Shape) => input;
    const parts = { q_proj: this.query, k_proj: this.key, v_proj: this.value, o_proj: this.mixed };
    const given = (input: Shape) => [input, input, input, this.query.outputShape(input)];
    const attention = this.child('self_attn', new Group('SelfAttention', parts, { output: same, inputs: given }));
    this.dropout = attention.aside('attention_dropout', new Dropout(size.dropout));
    const feed = { gate_proj: this.gate, up_proj: this.widened, down_proj: this.narrowed };
    const fed = (input: Shape) => [input, input, this.widened.outputShape(input)];
    this.child('mlp', new Group('FeedForward', feed, { output: same, inputs: fed }));
    this.attentionNorm = this.child('input_layernorm', new RmsNorm(features, size.epsilon));
    this.feedNorm = this.child('post_attention_layernorm', new RmsNorm(features, size.epsilon));
  }

  /** x: [N, S, D] → [N, S, D] */
  override forward(x: Tensor, scope: Scope): Tensor {
    const tokens = swapped(x); // [S, N, D]
    const { heads, shared, width, frequencies, activation } = this.size;
    const normed = this.attentionNorm.forward(tokens, scope);
    const q = rotated(this.query.forward(normed, scope), frequencies, scope);
    const k = rotated(this.key.forward(normed, scope), frequencies, scope);
    const v = this.value.forward(normed, scope);
    const options = { bias: paddingBias(scope), heads, shared, scale: 1 / Math.sqrt(width), dropout: this.dropout };
    const seen = causalAttention(this, [q, k, v], options, scope);
    const between = tf.add(this.mixed.forward(seen, scope), tokens);
    const fed = this.feedNorm.forward(between, scope);
    const gated = tf.mul(activate(this.gate.forward(fed, scope), activation), this.widened.forward(fed, scope));
    return swapped(tf.add(this.narrowed.forward(gated, scope), between));
  }

  override outputShape(input: Shape): Shape {
    return input;
  }

  override scores([length = 0]: Shape): Scores {
    return { shape: [this.size.heads, length, length], areDropped: this.dropout.isNoisy };
  }
}

const initial = { kind: 'normal', deviation: 0.02 } as const;

function sizeOf(config: Config, biases: Size['biases']): Size {
  const { hidden_size: features, num_attention_heads: heads, num_key_value_heads } = config;
  const shared = num_key_value_heads ?? heads;
  if (heads % shared !== 0) throw refused('num_key_value_heads', shared);
  const width = config.head_dim ?? features / heads;
  if (!Number.isInteger(width) || width % 2 !== 0) throw refused('num_attention_heads', heads);
  return {
    features,
    heads,
    shared,
    width,
    intermediate: config.intermediate_size,
    activation: activationNamed(config.hidden_act, 'hidden_act'),
    epsilon: config.rms_norm_eps,
    frequencies: frequenciesOf(config, width),
    dropout: config.attention_dropout ?? 0,
    biases,
  };
}

interface Variant {
  readonly type: 'llama' | 'qwen2';
  readonly name: 'Llama' | 'Qwen2';
  readonly size: Size;
}

function assemble(config: Config, { type, name, size }: Variant, head: TextHead, classes?: number): TextModel {
  const { vocab_size: vocabulary } = config;
  const words = new Embedding(vocabulary, size.features);
  const layers = Array.from({ length: config.num_hidden_layers }, () => new Layer(size));
  const norm = new RmsNorm(size.features, size.epsilon);
  const { beside, chain, ...top } = head === 'causal-lm' ? wordsOf(config, words) : classifierOf(config, classes);
  const architecture = `${name}${top.architecture}`;
  const model = new Group(name, { embed_tokens: words, layers: numbered('Layers', layers), norm });
  const root = rooted(new Group(architecture, { model, ...beside }));
  const [end] = [config.eos_token_id ?? 0].flat();
  return {
    ...top,
    architecture,
    title: `${name}, ${layers.length} layers, ${size.features} wide`,
    family: type,
    kind: head,
    root,
    chain: [words, ...layers, norm, ...chain],
    input: {
      vocabulary,
      maximumLength: config.max_position_embeddings,
      padding: config.pad_token_id && config.pad_token_id >= 0 ? config.pad_token_id : (end ?? 0),
      beside: ['mask'],
    },
    blocks: layers.map(({ path }) => path),
    config: { ...config, architectures: [architecture], model_type: type },
    aliases: (tensor) => [tensor, tensor.replace(/^model\./, '')],
  };
}

function wordsOf(config: Config, words: Embedding): Top {
  const tied = config.tie_word_embeddings;
  const lm_head = tied ? new TiedLinear(words) : new Linear(words.features, words.rows, { bias: false, initial });
  const ignored = (name: string) => name === 'score.weight' || (tied && name === 'lm_head.weight') || /rotary_emb\.inv_freq$/.test(name);
  return languageHead(lm_head, { architecture: 'ForCausalLM', classes: config.vocab_size, ignored });
}

function classifierOf(config: Config, classes = classesOf(config)): Top {
  const ignored = (name: string) => name === 'lm_head.weight' || /rotary_emb\.inv_freq$/.test(name);
  return lastTokenClassifier({ architecture: 'ForSequenceClassification', features: config.hidden_size, classes, ignored });
}

/** Llama (Touvron et al. 2023), SmolLM2 and TinyLlama with it, named as in transformers. */
export const llamaFamily: TextFamily = {
  types: ['llama'],
  heads: ['causal-lm', 'sequence-classification'],
  build: (raw, head, classes) => {
    const config = llamaSchema.parse(raw);
    const { attention_bias: bias, mlp_bias: fed } = config;
    return assemble(config, { type: 'llama', name: 'Llama', size: sizeOf(config, { asked: bias, mixed: bias, fed }) }, head, classes);
  },
};

/** Qwen2 and Qwen2.5 (Yang et al. 2024): Llama's layers with biases on queries, keys and values. */
export const qwen2Family: TextFamily = {
  types: ['qwen2'],
  heads: ['causal-lm', 'sequence-classification'],
  build: (raw, head, classes) => {
    const config = qwenSchema.parse(raw);
    requireSettings(config, { use_sliding_window: false });
    const size = sizeOf(config, { asked: true, mixed: false, fed: false });
    return assemble(config, { type: 'qwen2', name: 'Qwen2', size }, head, classes);
  },
};

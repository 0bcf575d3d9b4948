import type { Tensor } from '@tensorflow/tfjs-core';
import * as z from 'zod';
import { tf } from '../../engine/ops';
import { Embedding, Group, LayerNorm, Linear, Module, rooted, type Scope, type Shape } from '../../nn';
import { EncoderLayer } from './encoderLayer';
import { activationNamed, classesOf, positive, refused, requireSettings } from './settings';
import type { TextFamily, TextHead, TextModel } from './textModel';

/** `config.json` of transformers' BERT, with the defaults of its BertConfig. */
const bertSchema = z.looseObject({
  vocab_size: positive.default(30522),
  hidden_size: positive.default(768),
  num_hidden_layers: positive.default(12),
  num_attention_heads: positive.default(12),
  intermediate_size: positive.default(3072),
  hidden_act: z.string().default('gelu'),
  max_position_embeddings: positive.default(512),
  type_vocab_size: positive.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.int().min(0).nullish(),
  id2label: z.record(z.string(), z.string()).optional(),
  num_labels: positive.optional(),
});
type BertConfig = z.infer<typeof bertSchema>;

/** The sum of three embeddings, for the token, its position and its part of a pair, normalised. */
export class BertEmbeddings extends Module {
  readonly type = 'Embeddings';
  private readonly words: Embedding;
  private readonly positions: Embedding;
  private readonly types: Embedding;
  private readonly norm: LayerNorm;

  constructor(config: Pick<BertConfig, 'vocab_size' | 'hidden_size' | 'max_position_embeddings' | 'type_vocab_size' | 'layer_norm_eps'>) {
    super();
    const { hidden_size: features } = config;
    this.words = this.child('word_embeddings', new Embedding(config.vocab_size, features));
    this.positions = this.child('position_embeddings', new Embedding(config.max_position_embeddings, features));
    this.types = this.child('token_type_embeddings', new Embedding(config.type_vocab_size, features));
    this.norm = this.child('LayerNorm', new LayerNorm(features, config.layer_norm_eps));
  }

  /** ids: int32 [N, S]; beside: `types` int32 [N, S], 0 where absent → [N, S, D] */
  override forward(ids: Tensor, scope: Scope): Tensor {
    // sequence first, as the layers want it: the swaps in between then fall away
    const length = ids.shape[1] as number;
    const words = this.words.forward(tf.transpose(ids), scope); // [S, N, D]
    const positions = this.positions.forward(tf.range(0, length, 1, 'int32'), scope); // [S, D]
    const types = scope.beside?.('types');
    const parts = types
      ? this.types.forward(tf.transpose(types), scope) // [S, N, D]
      : this.types.forward(tf.zeros([1, 1], 'int32'), scope); // [1, 1, D]
    const sum = tf.add(tf.add(words, tf.expandDims(positions, 1)), parts);
    return tf.transpose(this.norm.forward(sum, scope), [1, 0, 2]);
  }

  override outputShape(input: Shape): Shape {
    return this.norm.outputShape(this.words.outputShape(input));
  }

  override childInputs(input: Shape): Shape[] {
    return [input, input, input, this.words.outputShape(input)];
  }
}

/** tanh(W·x₀ + b) of the first token. [N, S, D] → [N, D] */
export class Pooler extends Module {
  readonly type = 'Pooler';
  private readonly dense: Linear;

  constructor(private readonly features: number) {
    super();
    const initial = { kind: 'normal', deviation: 0.02 } as const;
    this.dense = this.child('dense', new Linear(features, features, { activation: 'tanh', initial }));
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const [n, , features] = x.shape as [number, number, number];
    return this.dense.forward(tf.reshape(tf.slice(x, [0, 0, 0], [n, 1, features]), [n, features]), scope);
  }

  override outputShape(): Shape {
    return [this.features];
  }
}

function build(raw: unknown, head: TextHead, classes?: number): TextModel {
  const config = bertSchema.parse(raw);
  requireSettings(config, { position_embedding_type: 'absolute', is_decoder: false, add_cross_attention: false });
  if (head !== 'sequence-classification') throw refused('architectures', head);
  const { hidden_size: features, num_attention_heads: heads, num_hidden_layers: layers } = config;
  if (features % heads !== 0) throw refused('num_attention_heads', heads);
  const activation = activationNamed(config.hidden_act, 'hidden_act');
  const size = { features, heads, intermediate: config.intermediate_size, activation, epsilon: config.layer_norm_eps };
  const outputs = classes ?? classesOf(config);

  const embeddings = new BertEmbeddings(config);
  const rows = Array.from({ length: layers }, (_, i) => new EncoderLayer(size, i === layers - 1));
  const stack = new Group('Layers', Object.fromEntries(rows.map((layer, i) => [`${i}`, layer])));
  const pooler = new Pooler(features);
  const classifier = new Linear(features, outputs, { initial: { kind: 'normal', deviation: 0.02 } });
  const bert = new Group('Bert', { embeddings, encoder: new Group('Encoder', { layer: stack }), pooler });
  const root = rooted(new Group('BertForSequenceClassification', { bert, classifier }));
  return {
    architecture: 'BertForSequenceClassification',
    title: `BERT, ${layers} layers, ${features} wide`,
    family: 'bert',
    kind: head,
    root,
    chain: [embeddings, ...rows, pooler, classifier],
    input: {
      vocabulary: config.vocab_size,
      maximumLength: config.max_position_embeddings,
      padding: config.pad_token_id ?? 0,
      beside: ['mask', 'types'],
    },
    classes: outputs,
    head: 'classifier',
    blocks: rows.map(({ path }) => path),
    config: { ...config, architectures: ['BertForSequenceClassification'], model_type: 'bert' },
    aliases: (name) => [name, name.replace(/^bert\./, '')],
    ignored: ['cls.', 'bert.embeddings.position_ids', 'embeddings.position_ids'],
  };
}

/** BERT (Devlin et al. 2018), with a classifier on its first token, named as transformers' `BertForSequenceClassification`. */
export const bertFamily: TextFamily = { types: ['bert'], heads: ['sequence-classification'], build };

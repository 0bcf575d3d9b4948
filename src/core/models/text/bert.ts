import * as z from 'zod';
import { Dropout, Group, Linear, rooted } from '../../nn';
import { Embeddings } from './embeddings';
import { encoderLayers, numbered } from './encoderLayer';
import { FirstTokenLinear } from './firstToken';
import { activationNamed, classesOf, labelSettings, positive, rate, refused, requireSettings } from './settings';
import type { TextFamily, TextHead, TextModel, Top } from './textModel';
import { VocabularyHead } from './vocabularyHead';

/** `config.json` of transformers' BERT, with the defaults of its BertConfig. */
export const bertSchema = z.looseObject({
  vocab_size: positive.default(30522),
  hidden_size: positive.default(768),
  num_hidden_layers: positive.default(12),
  num_attention_heads: positive.default(12),
  intermediate_size: positive.default(3072),
  hidden_act: z.string().default('gelu'),
  max_position_embeddings: positive.default(512),
  type_vocab_size: positive.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_dropout_prob: rate.default(0.1),
  attention_probs_dropout_prob: rate.default(0.1),
  classifier_dropout: rate.nullish(),
  pad_token_id: z.int().min(0).nullish(),
  ...labelSettings,
});
type BertConfig = z.infer<typeof bertSchema>;

/** Of BERT and RoBERTa. */
export function classifierDropout({ classifier_dropout, hidden_dropout_prob }: BertConfig): number {
  return classifier_dropout ?? hidden_dropout_prob;
}

/** Of BERT and RoBERTa. @throws ThawError `model.unsupported` for a setting that makes another network. */
export function bertSizes(config: BertConfig) {
  requireSettings(config, { position_embedding_type: 'absolute', is_decoder: false, add_cross_attention: false });
  const { hidden_size: features, num_attention_heads: heads, layer_norm_eps: epsilon, hidden_dropout_prob: hidden } = config;
  if (features % heads !== 0) throw refused('num_attention_heads', heads);
  const activation = activationNamed(config.hidden_act, 'hidden_act');
  return {
    encoder: {
      ...{ features, heads, intermediate: config.intermediate_size, activation, epsilon },
      dropout: { attention: config.attention_probs_dropout_prob, mixed: hidden, narrowed: hidden },
    },
    embeddings: {
      vocabulary: config.vocab_size,
      features,
      positions: config.max_position_embeddings,
      types: config.type_vocab_size,
      epsilon,
      dropout: hidden,
    },
  };
}

function build(raw: unknown, head: TextHead, classes?: number): TextModel {
  const config = bertSchema.parse(raw);
  const sizes = bertSizes(config);
  const embeddings = new Embeddings(sizes.embeddings);
  const readsFirst = head === 'sequence-classification';
  const layers = encoderLayers(sizes.encoder, config.num_hidden_layers, { readsFirst });
  const encoder = new Group('Encoder', { layer: numbered('Layers', layers) });
  const { within, beside, dropout, chain, ...top } = readsFirst ? classifierOf(config, classes) : predictionsOf(config, embeddings);
  const bert = new Group('Bert', { embeddings, encoder, ...within });
  const whole = new Group(top.architecture, { bert, ...beside });
  if (dropout) whole.aside('dropout', dropout);
  const root = rooted(whole);
  return {
    ...top,
    title: `BERT, ${layers.length} layers, ${config.hidden_size} wide`,
    family: 'bert',
    kind: head,
    root,
    chain: [embeddings, embeddings.dropout, ...layers, ...chain],
    input: {
      vocabulary: config.vocab_size,
      maximumLength: config.max_position_embeddings,
      padding: config.pad_token_id ?? 0,
      beside: ['mask', 'types'],
    },
    blocks: layers.map(({ path }) => path),
    config: { ...config, architectures: [top.architecture], model_type: 'bert' },
    aliases: bertAliases('bert.'),
  };
}

const initial = { kind: 'normal', deviation: 0.02 } as const;

function classifierOf(config: BertConfig, classes = classesOf(config)): Top {
  const { hidden_size: features } = config;
  const dense = new FirstTokenLinear(features, features, { activation: 'tanh', initial }); // tanh(W·x₀ + b)
  const dropout = new Dropout(classifierDropout(config));
  const classifier = new Linear(features, classes, { initial });
  return {
    architecture: 'BertForSequenceClassification',
    within: { pooler: new Group('Pooler', { dense }) },
    beside: { classifier },
    dropout,
    chain: [dense, dropout, classifier],
    classes,
    head: 'classifier',
    drawn: ['bert.pooler'],
    ignored: (name) => /^cls\.|position_ids$/.test(name),
  };
}

function predictionsOf(config: BertConfig, { words }: Embeddings): Top {
  requireSettings(config, { tie_word_embeddings: true });
  const activation = activationNamed(config.hidden_act, 'hidden_act');
  const predictions = new VocabularyHead(words, { activation, epsilon: config.layer_norm_eps, initial, names: 'bert' });
  return {
    architecture: 'BertForMaskedLM',
    within: {},
    beside: { cls: new Group('Head', { predictions }) },
    chain: [predictions],
    classes: config.vocab_size,
    head: 'cls.predictions',
    drawn: [],
    ignored: (name) => /^(bert\.)?pooler\.|^cls\.(seq_relationship|predictions\.decoder)\.|^classifier\.|position_ids$/.test(name),
  };
}

/**
 * Ours; without the prefix, as a model without a head is saved; and with the names that norms had in TensorFlow, as in Google's
 * first checkpoints.
 */
export function bertAliases(prefix: string): TextModel['aliases'] {
  return (name) => {
    const bare = name.startsWith(prefix) ? [name, name.slice(prefix.length)] : [name];
    const old = (one: string) => one.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
    return [...new Set([...bare, ...bare.map(old)])];
  };
}

/** BERT (Devlin et al. 2018), named as in transformers: with a classifier on its first token, or guessing hidden tokens. */
export const bertFamily: TextFamily = { types: ['bert'], heads: ['sequence-classification', 'masked-lm'], build };

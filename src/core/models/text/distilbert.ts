import * as z from 'zod';
import { Dropout, Group, LayerNorm, Linear, rooted, TiedLinear } from '../../nn';
import { bertAliases } from './bert';
import { Embeddings } from './embeddings';
import { type EncoderNames, encoderLayers, numbered } from './encoderLayer';
import { FirstTokenLinear } from './firstToken';
import { activationNamed, classesOf, labelSettings, positive, rate, refused, requireSettings } from './settings';
import type { TextFamily, TextHead, TextModel, Top } from './textModel';

/** `config.json` of transformers' DistilBERT, with the defaults of its DistilBertConfig. */
const schema = z.looseObject({
  vocab_size: positive.default(30522),
  max_position_embeddings: positive.default(512),
  n_layers: positive.default(6),
  n_heads: positive.default(12),
  dim: positive.default(768),
  hidden_dim: positive.default(3072),
  activation: z.string().default('gelu'),
  dropout: rate.default(0.1),
  attention_dropout: rate.default(0.1),
  seq_classif_dropout: rate.default(0.2),
  pad_token_id: z.int().min(0).nullish(),
  ...labelSettings,
});
type Config = z.infer<typeof schema>;

/** Not a setting: transformers' DistilBERT has it in the code. */
const epsilon = 1e-12;
const initial = { kind: 'normal', deviation: 0.02 } as const;

/** transformers' `TransformerBlock`, which drops nothing of what attention adds. */
const names: EncoderNames = ({ query, key, value, mixed, mixedNorm, widened, narrowed, narrowedNorm, dropouts }) => {
  const attention = new Group('Attention', { q_lin: query, k_lin: key, v_lin: value, out_lin: mixed });
  const ffn = new Group('FeedForward', { lin1: widened, lin2: narrowed });
  attention.aside('dropout', dropouts.attention);
  ffn.aside('dropout', dropouts.narrowed);
  return { attention, sa_layer_norm: mixedNorm, ffn, output_layer_norm: narrowedNorm };
};

function build(raw: unknown, head: TextHead, classes?: number): TextModel {
  const config = schema.parse(raw);
  const { dim: features, n_heads: heads, vocab_size: vocabulary, max_position_embeddings: positions } = config;
  if (features % heads !== 0) throw refused('n_heads', heads);
  const activation = activationNamed(config.activation, 'activation');
  const embeddings = new Embeddings({ vocabulary, features, positions, types: 0, epsilon, dropout: config.dropout });
  const readsFirst = head === 'sequence-classification';
  const dropout = { attention: config.attention_dropout, mixed: 0, narrowed: config.dropout };
  const size = { features, heads, intermediate: config.hidden_dim, activation, epsilon, dropout };
  const layers = encoderLayers(size, config.n_layers, { readsFirst, names });
  const { within, beside, dropout: last, chain, ...top } = readsFirst ? classifierOf(config, classes) : predictionsOf(config, embeddings);
  const transformer = new Group('Transformer', { layer: numbered('Layers', layers) });
  const distilbert = new Group('DistilBert', { embeddings, transformer, ...within });
  const whole = new Group(top.architecture, { distilbert, ...beside });
  if (last) whole.aside('dropout', last);
  const root = rooted(whole);
  return {
    ...top,
    title: `DistilBERT, ${layers.length} layers, ${features} wide`,
    family: 'distilbert',
    kind: head,
    root,
    chain: [embeddings, embeddings.dropout, ...layers, ...chain],
    input: { vocabulary, maximumLength: positions, padding: config.pad_token_id ?? 0, beside: ['mask'] },
    blocks: layers.map(({ path }) => path),
    config: { ...config, architectures: [top.architecture], model_type: 'distilbert' },
    aliases: bertAliases('distilbert.'),
  };
}

function classifierOf(config: Config, classes = classesOf(config)): Top {
  const pre_classifier = new FirstTokenLinear(config.dim, config.dim, { activation: 'relu', initial });
  const dropout = new Dropout(config.seq_classif_dropout);
  const classifier = new Linear(config.dim, classes, { initial });
  return {
    architecture: 'DistilBertForSequenceClassification',
    within: {},
    beside: { pre_classifier, classifier },
    dropout,
    chain: [pre_classifier, dropout, classifier],
    classes,
    head: 'classifier',
    heads: ['pre_classifier', 'classifier'],
    drawn: ['pre_classifier'],
    ignored: (name) => /^vocab_|position_ids$/.test(name),
  };
}

function predictionsOf(config: Config, { words }: Embeddings): Top {
  requireSettings(config, { tie_word_embeddings: true });
  const activation = activationNamed(config.activation, 'activation');
  const [dense, norm] = [new Linear(config.dim, config.dim, { activation, initial }), new LayerNorm(config.dim, epsilon)];
  const projector = new TiedLinear(words, { bias: true });
  return {
    architecture: 'DistilBertForMaskedLM',
    within: {},
    beside: { vocab_transform: dense, vocab_layer_norm: norm, vocab_projector: projector },
    chain: [dense, norm, projector],
    classes: config.vocab_size,
    head: 'vocab_projector',
    heads: ['vocab_transform', 'vocab_layer_norm', 'vocab_projector'],
    drawn: ['vocab_transform', 'vocab_layer_norm'],
    ignored: (name) => /^(pre_)?classifier\.|^vocab_projector\.weight$|position_ids$/.test(name),
  };
}

/** DistilBERT (Sanh et al. 2019): BERT with half its layers and without parts of a pair, named as in transformers. */
export const distilbertFamily: TextFamily = { types: ['distilbert'], heads: ['sequence-classification', 'masked-lm'], build };

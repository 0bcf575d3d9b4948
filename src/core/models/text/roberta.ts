import type { Tensor } from '@tensorflow/tfjs-core';
import { tf } from '../../engine/ops';
import { Dropout, Group, Linear, Module, rooted, type Scope, type Shape } from '../../nn';
import { bertAliases, bertSchema, bertSizes, classifierDropout } from './bert';
import { type EmbeddingSizes, Embeddings } from './embeddings';
import { encoderLayers, numbered } from './encoderLayer';
import { firstToken } from './firstToken';
import { languageHead } from './languageHead';
import { runningCount } from './positions';
import { activationNamed, classesOf, requireSettings } from './settings';
import type { TextFamily, TextHead, TextModel, Top } from './textModel';
import { VocabularyHead } from './vocabularyHead';

/** Positions are counted from the padding's id + 1, and padding stands at its own id, as in fairseq. */
class RobertaEmbeddings extends Embeddings {
  constructor(
    sizes: EmbeddingSizes,
    private readonly padding: number,
  ) {
    super(sizes);
  }

  protected override places(length: number, scope: Scope): Tensor {
    const mask = scope.beside?.('mask');
    if (!mask) return tf.add(super.places(length, scope), tf.scalar(this.padding + 1, 'int32'));
    const tokens = tf.transpose(mask); // [S, N]
    return tf.add(tf.mul(runningCount(tokens, 0), tf.cast(tokens, 'int32')), tf.scalar(this.padding, 'int32'));
  }
}

/** Two linear layers over the first token, tanh between them, and dropout before each. [N, S, D] → [N, classes] */
class ClassificationHead extends Module {
  readonly type = 'ClassificationHead';
  private readonly dense: Linear;
  private readonly output: Linear;
  private readonly dropout: Dropout;

  constructor(features: number, classes: number, dropout: number) {
    super();
    this.dense = this.child('dense', new Linear(features, features, { activation: 'tanh', initial }));
    this.output = this.child('out_proj', new Linear(features, classes, { initial }));
    this.dropout = this.aside('dropout', new Dropout(dropout));
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    const dropped = (given: Tensor) => this.dropout.forward(given, scope);
    return this.output.forward(dropped(this.dense.forward(dropped(firstToken(x)), scope)), scope);
  }

  override childInputs([, features]: Shape): Shape[] {
    return [[features as number], [features as number]];
  }

  override outputShape(): Shape {
    return [this.output.output];
  }
}

const initial = { kind: 'normal', deviation: 0.02 } as const;
const schema = bertSchema.extend({ vocab_size: bertSchema.shape.vocab_size.removeDefault().default(50265) });
type Config = ReturnType<typeof schema.parse> & { model_type?: string };

/** The name that transformers' classes begin with. */
const prefixes: Readonly<Record<string, string>> = { roberta: 'Roberta', 'xlm-roberta': 'XLMRoberta' };

function build(raw: unknown, head: TextHead, classes?: number): TextModel {
  const config: Config = schema.parse(raw);
  const type = config.model_type ?? 'roberta';
  const [sizes, padding] = [bertSizes(config), config.pad_token_id ?? 1];
  const embeddings = new RobertaEmbeddings(sizes.embeddings, padding);
  const readsFirst = head === 'sequence-classification';
  const layers = encoderLayers(sizes.encoder, config.num_hidden_layers, { readsFirst });
  const encoder = new Group('Encoder', { layer: numbered('Layers', layers) });
  const { beside, chain, ...top } = readsFirst ? classifierOf(config, classes) : predictionsOf(config, embeddings);
  const architecture = `${prefixes[type]}${top.architecture}`;
  const root = rooted(new Group(architecture, { roberta: new Group('Roberta', { embeddings, encoder }), ...beside }));
  return {
    ...top,
    architecture,
    title: `${type === 'roberta' ? 'RoBERTa' : 'XLM-RoBERTa'}, ${layers.length} layers, ${config.hidden_size} wide`,
    family: type,
    kind: head,
    root,
    chain: [embeddings, embeddings.dropout, ...layers, ...chain],
    input: {
      vocabulary: config.vocab_size,
      maximumLength: config.max_position_embeddings - padding - 1,
      padding,
      beside: config.type_vocab_size > 1 ? ['mask', 'types'] : ['mask'],
    },
    blocks: layers.map(({ path }) => path),
    config: { ...config, architectures: [architecture], model_type: type },
    aliases: bertAliases('roberta.'),
  };
}

function classifierOf(config: Config, classes = classesOf(config)): Top {
  const classifier = new ClassificationHead(config.hidden_size, classes, classifierDropout(config));
  return {
    architecture: 'ForSequenceClassification',
    within: {},
    beside: { classifier },
    chain: [classifier],
    classes,
    head: 'classifier',
    drawn: [],
    ignored: (name) => /^lm_head\.|^(roberta\.)?pooler\.|position_ids$/.test(name),
  };
}

function predictionsOf(config: Config, { words }: Embeddings): Top {
  requireSettings(config, { tie_word_embeddings: true });
  activationNamed(config.hidden_act, 'hidden_act');
  // transformers' RobertaLMHead has this one whatever the layers have
  const lm_head = new VocabularyHead(words, { activation: 'gelu', epsilon: config.layer_norm_eps, initial, names: 'roberta' });
  const ignored = (name: string) => /^classifier\.|^lm_head\.decoder\.|^(roberta\.)?pooler\.|position_ids$/.test(name);
  return languageHead(lm_head, { architecture: 'ForMaskedLM', classes: config.vocab_size, ignored });
}

/** RoBERTa (Liu et al. 2019) and XLM-RoBERTa (Conneau et al. 2020): BERT's layers, named as in transformers. */
export const robertaFamily: TextFamily = {
  types: ['roberta', 'xlm-roberta'],
  heads: ['sequence-classification', 'masked-lm'],
  build,
};

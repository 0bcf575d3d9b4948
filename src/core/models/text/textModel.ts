import type { Dropout } from '../../nn/dropout';
import type { Module } from '../../nn/module';
import type { Network } from '../model';

/** What a text model's last layer gives. */
export type TextHead =
  /** Logits of classes for the whole text: [batch, classes]. */
  | 'sequence-classification'
  /** Logits of the vocabulary at each position: of the next token (causal), of the hidden one (masked). [batch, length, vocabulary] */
  | 'causal-lm'
  | 'masked-lm'
  /** The same, from a decoder that reads another text: [batch, target length, vocabulary]. */
  | 'text-to-text';

/** A transformer over token ids: int32 [batch, length] → logits. Between the modules of its chain, hidden states are [batch, length, features]. */
export interface TextModel extends Network {
  /** transformers' class: `BertForSequenceClassification`. */
  readonly architecture: string;
  /** For people: "BERT, 6 layers, 384 wide". */
  readonly title: string;
  readonly family: string;
  readonly kind: TextHead;
  readonly input: {
    /** Rows of the embedding table: ids are below. */
    readonly vocabulary: number;
    /** Positions that the model knows. */
    readonly maximumLength: number;
    readonly padding: number;
    /** What else it takes beside ids (see Scope.beside). */
    readonly beside: readonly ('mask' | 'types' | 'decoderIds' | 'decoderMask')[];
  };
  /** Of a model that reads one text and writes another. */
  readonly decoder?: {
    /** Where in the chain what is written joins what was read; with nothing read, [N, 0, features], the rest writes alone. */
    readonly from: number;
    readonly features: number;
    /** The token that begins a text. */
    readonly start: number;
  };
  /** Of the head; the size of the vocabulary for language models. */
  readonly classes: number;
  /** `config.json` as transformers has it, labels left out. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Names that a tensor may have in a checkpoint, ours first: a bare `BertModel` lacks the prefix `bert.`. */
  readonly aliases: (name: string) => readonly string[];
  /** Paths of layers below the head that another head has no use for, so that its checkpoint may lack them: they are drawn then. */
  readonly drawn: readonly string[];
  /** Whether a tensor of a checkpoint is another head's, or nobody's: it is left there. */
  readonly ignored: (name: string) => boolean;
}

/** What stands on a transformer's last layer: a head, and the part of a model that depends on it. */
export interface Top extends Pick<TextModel, 'architecture' | 'classes' | 'head' | 'heads' | 'drawn' | 'ignored'> {
  /** Under the transformer's own name, and next to it. */
  readonly within: Readonly<Record<string, Module>>;
  readonly beside: Readonly<Record<string, Module>>;
  /** In the chain, before the last layer. */
  readonly dropout?: Dropout;
  readonly chain: readonly Module[];
}

/** How a family builds a model from a published `config.json`. */
export interface TextFamily {
  /** `model_type` of the config. */
  readonly types: readonly string[];
  readonly heads: readonly TextHead[];
  /**
   * @param classes of a new head; absent: the config's own
   * @throws ZodError where the config's settings are missing or mistyped; ThawError `model.unsupported` for one that asks
   * for what we don't do.
   */
  build(config: unknown, head: TextHead, classes?: number): TextModel;
}

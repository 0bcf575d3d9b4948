import type { TokenizerConfig, TokenizerJson } from './fileSchemas';

/** tokenizer.json as Hugging Face's converters write it, from the files of models that have none. */

/**
 * BERT's WordPiece from vocab.txt: a token a line, its number the line's.
 * Source: transformers/convert_slow_tokenizer.py, BertConverter.
 */
export function wordPieceFrom(vocabulary: string, config: TokenizerConfig): TokenizerJson {
  const tokens = vocabulary.replace(/\r?\n$/, '').split(/\r?\n/);
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const unknown = config.unk_token ?? '[UNK]';
  const cls = config.cls_token ?? '[CLS]';
  const sep = config.sep_token ?? '[SEP]';
  const special = [config.pad_token ?? '[PAD]', unknown, cls, sep, config.mask_token ?? '[MASK]'];
  return {
    added_tokens: addedTokens(special, vocab),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars ?? true,
      strip_accents: config.strip_accents ?? null,
      lowercase: config.do_lower_case ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special1(cls), sequence('A', 0), special1(sep)],
      pair: [special1(cls), sequence('A', 0), special1(sep), sequence('B', 1), special1(sep, 1)],
      special_tokens: Object.fromEntries([cls, sep].map((token) => [token, { id: token, ids: [vocab[token] ?? 0], tokens: [token] }])),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: unknown, continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
  };
}

/**
 * GPT-2's byte-level BPE from vocab.json and merges.txt.
 * Source: transformers/convert_slow_tokenizer.py, GPT2Converter (and RobertaConverter where there are <s> and </s>).
 */
export function byteLevelFrom(vocab: Record<string, number>, merges: string, config: TokenizerConfig): TokenizerJson {
  const pairs = merges.split(/\r?\n/).filter((line, i) => line !== '' && !(i === 0 && line.startsWith('#version')));
  const prefix = config.add_prefix_space ?? false;
  const { cls_token: cls, sep_token: sep } = config;
  const special = [config.bos_token, config.eos_token, config.unk_token, config.pad_token, cls, sep, config.mask_token];
  return {
    added_tokens: addedTokens([...new Set(special.filter((token) => typeof token === 'string'))], vocab),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: prefix, trim_offsets: true, use_regex: true },
    post_processor:
      cls && sep
        ? {
            type: 'RobertaProcessing',
            cls: [cls, vocab[cls] ?? 0],
            sep: [sep, vocab[sep] ?? 0],
            add_prefix_space: prefix,
            trim_offsets: true,
          }
        : { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      vocab,
      merges: pairs,
    },
  };
}

const special1 = (id: string, type_id = 0) => ({ SpecialToken: { id, type_id } });
const sequence = (id: 'A' | 'B', type_id: number) => ({ Sequence: { id, type_id } });

/** Those that the vocabulary has. */
function addedTokens(tokens: readonly string[], vocab: Readonly<Record<string, number>>): TokenizerJson['added_tokens'] {
  return tokens
    .filter((content) => Object.hasOwn(vocab, content))
    .map((content) => ({
      id: vocab[content] as number,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    }))
    .sort((a, b) => a.id - b.id);
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildTextModel, type TextHead } from '../../../src/core/models/text';
import { initialTensors } from '../../../src/core/nn';
import { saveTextModel } from '../../../src/core/weights';

const specials = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
const words = 'the a cat dog bird sun moon star red blue runs sleeps shines flies is near far and not very'.split(' ');
export const vocabulary = [...specials, ...words];

const configs: Record<'bert' | 'gpt2' | 'llama' | 't5', { head: TextHead; config: Record<string, unknown> }> = {
  bert: {
    head: 'masked-lm',
    config: { hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 32, max_position_embeddings: 32 },
  },
  gpt2: { head: 'causal-lm', config: { n_embd: 16, n_layer: 2, n_head: 2, n_positions: 32 } },
  llama: {
    head: 'causal-lm',
    config: { hidden_size: 16, num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 32, max_position_embeddings: 32 },
  },
  t5: {
    head: 'text-to-text',
    config: { d_model: 16, d_kv: 8, d_ff: 32, num_layers: 1, num_heads: 2, relative_attention_num_buckets: 8, decoder_start_token_id: 0 },
  },
};

export interface TinyOptions {
  /** Its vocabulary beside special tokens, in which the case of letters counts. */
  readonly words?: readonly string[];
  /** Special tokens of its own, as a chat template has them. */
  readonly marks?: readonly string[];
  readonly chatTemplate?: string;
  readonly maxLength?: number;
  /** Over the smallest of its family. */
  readonly config?: Record<string, unknown>;
}

/** A transformer with random weights and a vocabulary of words, in transformers' layout. */
export async function tinyModel(folder: string, family: keyof typeof configs, options: TinyOptions = {}): Promise<string> {
  const { head, config } = configs[family];
  const { marks = [], chatTemplate, maxLength = 32 } = options;
  const special = [...specials, ...marks];
  const vocabulary = [...special, ...(options.words ?? words)];
  const size = { vocab_size: vocabulary.length, pad_token_id: 0, bos_token_id: 2, eos_token_id: 3 };
  const model = buildTextModel({ model_type: family, ...size, ...config, ...options.config }, { head });
  await saveTextModel(folder, { model, tensors: initialTensors(model.root, 1), labels: [], card: '' });
  const brackets = { single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, sep(0)] };
  const pair = [...brackets.single, { Sequence: { id: 'B', type_id: 1 } }, sep(1)];
  const named = (name: string) => ({ id: name, ids: [vocabulary.indexOf(name)], tokens: [name] });
  const around = family === 'bert' ? { ...brackets, pair } : family === 't5' ? ended : null;
  const processor = around && {
    type: 'TemplateProcessing',
    ...around,
    special_tokens: { '[CLS]': named('[CLS]'), '[SEP]': named('[SEP]') },
  };
  const tokenizer = {
    version: '1.0',
    added_tokens: special.map((content, id) => ({ id, content, special: true, ...plain })),
    normalizer: options.words ? null : { type: 'Lowercase' },
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: processor,
    decoder: null,
    model: { type: 'WordLevel', vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])), unk_token: '[UNK]' },
  };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  const names = { pad_token: '[PAD]', unk_token: '[UNK]', cls_token: '[CLS]', sep_token: '[SEP]', bos_token: '[CLS]', eos_token: '[SEP]' };
  const said = { ...names, model_max_length: maxLength, clean_up_tokenization_spaces: true, chat_template: chatTemplate };
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(said));
  return folder;
}

const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
const sep = (type_id: number) => ({ SpecialToken: { id: '[SEP]', type_id } });
const ended = {
  single: [{ Sequence: { id: 'A', type_id: 0 } }, sep(0)],
  pair: [{ Sequence: { id: 'A', type_id: 0 } }, sep(0), { Sequence: { id: 'B', type_id: 0 } }, sep(0)],
};

/** Sentences of several lengths; `animal` where one of the animals is in it. */
export function sentences(count: number): { text: string; label: string }[] {
  const animals = ['cat', 'dog', 'bird'];
  const lights = ['sun', 'moon', 'star'];
  return Array.from({ length: count }, (_, i) => {
    const label = i % 2 === 0 ? 'animal' : 'light';
    const subject = (label === 'animal' ? animals : lights)[Math.floor(i / 2) % 3] as string;
    const more = ['and', 'red', 'not', 'very', 'far', 'blue', 'near', 'is'];
    const tail = Array.from({ length: (i * 7) % 13 }, (_, j) => more[(i * 5 + j * 3) % more.length]);
    return { text: `the ${subject} runs ${tail.join(' ')}`.trim(), label };
  });
}

/** Writes a file of lines into a folder of its own. */
export function lines(folder: string, name: string, rows: readonly string[]): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, `${rows.join('\n')}\n`);
  return path;
}

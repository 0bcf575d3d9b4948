// Turns a checkpoint of llama2.c (github.com/karpathy/llama2.c, version 0: a header of seven numbers, then float32 values) into
// a folder in Hugging Face's layout, with its tokenizer where one is given. usage: node scripts/llama2c.mjs CHECKPOINT.bin FOLDER [TOKENIZER.bin]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Tensors by transformers' names. Rows of queries and keys go from pairs (2i, 2i + 1) to pairs (i, i + d/2). */
function readCheckpoint(file) {
  const bytes = readFileSync(file);
  const [features, intermediate, layers, heads, shared, rows, length] = Array.from({ length: 7 }, (_, i) => bytes.readInt32LE(4 * i));
  const [vocabulary, width] = [Math.abs(rows), features / heads];
  const tensors = new Map();
  let offset = 28;
  const take = (shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + 4 * size));
    if (data.length !== size) throw new Error(`${file} ends early.`);
    offset += 4 * size;
    return { shape, data };
  };
  const each = (name, shape, change = (tensor) => tensor) => {
    for (let i = 0; i < layers; i++) tensors.set(`model.layers.${i}.${name}.weight`, change(take(shape)));
  };
  tensors.set('model.embed_tokens.weight', take([vocabulary, features]));
  each('input_layernorm', [features]);
  each('self_attn.q_proj', [features, features], (tensor) => halves(tensor, width));
  each('self_attn.k_proj', [shared * width, features], (tensor) => halves(tensor, width));
  each('self_attn.v_proj', [shared * width, features]);
  each('self_attn.o_proj', [features, features]);
  each('post_attention_layernorm', [features]);
  each('mlp.gate_proj', [intermediate, features]);
  each('mlp.down_proj', [features, intermediate]);
  each('mlp.up_proj', [intermediate, features]);
  tensors.set('model.norm.weight', take([features]));
  take([2, length, width / 2]); // sines and cosines
  if (rows < 0) tensors.set('lm_head.weight', take([vocabulary, features]));
  if (offset !== bytes.length) throw new Error(`${file} has ${bytes.length} bytes; its header speaks of ${offset}.`);
  const config = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: vocabulary,
    hidden_size: features,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: shared,
    max_position_embeddings: length,
    hidden_act: 'silu',
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: rows > 0,
    bos_token_id: 1,
    eos_token_id: 2,
  };
  return { config, tensors };
}

/** [heads·d, in]: in each head the even rows first, then the odd ones. */
function halves({ shape, data }, width) {
  const [rows, columns] = shape;
  const changed = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    const [head, i] = [Math.floor(row / width), row % width];
    const to = head * width + (i % 2) * (width / 2) + Math.floor(i / 2);
    changed.set(data.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return { shape, data: changed };
}

function safetensors(tensors) {
  const header = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, ' ')]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([size, padded, ...[...tensors.values()].map(({ data }) => Buffer.from(data.buffer))]);
}

/** The longest token's length, then for each its score, its length and its bytes. */
function readVocabulary(file) {
  const bytes = readFileSync(file);
  const words = [];
  for (let at = 4; at < bytes.length; ) {
    const length = bytes.readInt32LE(at + 4);
    words.push({ score: bytes.readFloatLE(at), text: bytes.toString('utf8', at + 8, at + 8 + length).replace(/^\n(<.*>)\n$/, '$1') });
    at += 8 + length;
  }
  return words;
}

/** As transformers converts Llama's: SentencePiece's pieces as byte pairs, a score as the rank of a merge. */
function tokenizer(file) {
  const words = readVocabulary(file).map(({ score, text }) => ({ score, text: text.replaceAll(' ', '▁') }));
  const vocab = Object.fromEntries(words.map(({ text }, id) => [text, id]));
  const merges = words
    .filter(({ text }) => text.length > 1 && !/^<.*>$/.test(text))
    .sort((a, b) => b.score - a.score)
    .flatMap(({ text }) => Array.from({ length: text.length - 1 }, (_, i) => [text.slice(0, i + 1), text.slice(i + 1)]))
    .filter(([left, right]) => left in vocab && right in vocab);
  const special = ['<unk>', '<s>', '</s>'].map((content) => ({
    id: vocab[content],
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  }));
  const begin = { SpecialToken: { id: '<s>', type_id: 0 } };
  const given = (id, type_id) => ({ Sequence: { id, type_id } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special,
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [begin, given('A', 0)],
      pair: [begin, given('A', 0), begin, given('B', 1)],
      special_tokens: { '<s>': { id: '<s>', ids: [vocab['<s>']], tokens: ['<s>'] } },
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 },
      ],
    },
    model: { type: 'BPE', dropout: null, unk_token: '<unk>', fuse_unk: true, byte_fallback: true, vocab, merges },
  };
}

const [file, folder, words] = process.argv.slice(2);
if (!file || !folder) throw new Error('usage: node scripts/llama2c.mjs CHECKPOINT.bin FOLDER [TOKENIZER.bin]');
const { config, tensors } = readCheckpoint(file);
mkdirSync(folder, { recursive: true });
const write = (name, value) => writeFileSync(path.join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
write('config.json', config);
writeFileSync(path.join(folder, 'model.safetensors'), safetensors(tensors));
if (words) {
  write('tokenizer.json', tokenizer(words));
  // the beginning of the next text ends one
  write('generation_config.json', { bos_token_id: 1, eos_token_id: [1, 2] });
  write('tokenizer_config.json', { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>' });
}

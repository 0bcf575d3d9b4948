/** Texts as numbers: tokenizers, chats and batches. */
export { blocksOf, bucketOf, bucketsFor, type Padded, padded } from './batches';
export { type ChatPart, ChatTemplate, type EncodedChat, type Turn } from './chat';
export type { TokenizerConfig } from './fileSchemas';
export { readTokenizerFiles } from './files';
export type { Piece } from './pieces';
export { shiftedRight, withPrefix } from './prefixes';
export { type Encoded, type EncodeOptions, type SpecialTokens, TextTokenizer, type WindowOptions } from './tokenizer';

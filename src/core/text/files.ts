import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { asFailure, ThawError } from '../../protocol/failure';
import { type TokenizerConfig, type TokenizerJson, tokenizerConfigSchema, tokenizerSchema } from './fileSchemas';
import { byteLevelFrom, wordPieceFrom } from './fromVocabulary';

export interface TokenizerFiles {
  readonly tokenizer: TokenizerJson;
  readonly config: TokenizerConfig;
  /** The files it was made of, for messages and for copying along with a model. */
  readonly names: readonly string[];
}

/**
 * Reads a model folder's tokenizer: tokenizer.json, else vocab.txt (WordPiece, as BERT has it), else vocab.json with
 * merges.txt (byte-level BPE, as GPT-2 has it).
 * @throws ThawError `model.missing` where there is none · `model.unsupported` for SentencePiece's own file · `model.corrupt`
 */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const there = async (name: string) =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  const names: string[] = [];
  const json = async <T>(name: string, schema: z.ZodType<T>, absent: unknown): Promise<T> => {
    if (!(await there(name))) return schema.parse(absent);
    names.push(name);
    return parsed(join(folder, name), schema, await text(join(folder, name)));
  };
  const special = await json('special_tokens_map.json', tokenizerConfigSchema, {});
  const config = { ...special, ...(await json('tokenizer_config.json', tokenizerConfigSchema, {})) };
  if (await there('chat_template.jinja')) config.chat_template = await text(join(folder, 'chat_template.jinja'));
  const from = (name: string) => {
    names.push(name);
    return text(join(folder, name));
  };
  if (await there('tokenizer.json')) return { tokenizer: await json('tokenizer.json', tokenizerSchema, null), config, names };
  if (await there('vocab.txt')) return { tokenizer: wordPieceFrom(await from('vocab.txt'), config), config, names };
  if ((await there('vocab.json')) && (await there('merges.txt'))) {
    const vocabulary = await json('vocab.json', z.record(z.string(), z.int().min(0)), {});
    return { tokenizer: byteLevelFrom(vocabulary, await from('merges.txt'), config), config, names };
  }
  for (const name of ['tokenizer.model', 'spiece.model', 'sentencepiece.bpe.model'])
    if (await there(name))
      throw new ThawError(
        'model.unsupported',
        l10n.t('{0} has its tokenizer in {1} alone, SentencePiece’s own format, which is not read.', folder, name),
        l10n.t(
          'Add the tokenizer.json that belongs to the model: AutoTokenizer.from_pretrained(…).save_pretrained(…) in Python writes it.',
        ),
        { path: join(folder, name) },
      );
  throw new ThawError(
    'model.missing',
    l10n.t('{0} has no tokenizer.', folder),
    l10n.t('Put its tokenizer.json there, or vocab.txt, or vocab.json and merges.txt.'),
    { path: folder },
  );
}

async function text(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    const failure = asFailure(error);
    throw new ThawError(failure.code, failure.message, failure.hint, { path, cause: error });
  }
}

function parsed<T>(path: string, schema: z.ZodType<T>, content: string): T {
  try {
    return schema.parse(JSON.parse(content));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new ThawError('model.corrupt', l10n.t('{0} is damaged: {1}', path, reason), l10n.t('Fetch the model again.'), {
      path,
      cause: error,
    });
  }
}

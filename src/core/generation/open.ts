import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../protocol/failure';
import type { Engine } from '../engine';
import type { TextModel } from '../models/text';
import { readRecord } from '../runs';
import { TextTokenizer } from '../text';
import { describeTextById, loadTextModel, type Places } from '../weights';
import { readJson } from '../weights/json';
import { locate } from '../weights/locate';
import { Generator } from './generator';

const endSchema = z.looseObject({ eos_token_id: z.union([z.int(), z.array(z.int())]).nullish() });

/**
 * A model that writes: of a run, a folder, or the hub's cache, with the tokenizer beside it. One of a run reads before a source
 * what it read when it learned.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`, also for one that writes no texts or whose
 *   tokenizer is another model's
 */
export async function openGenerator(engine: Engine, id: string, places: Places): Promise<Generator> {
  const described = await describeTextById(id, places);
  const located = await locate(id, places);
  if (!described || !('folder' in located))
    throw new ThawError(
      'model.unsupported',
      l10n.t('"{0}" is a model of pictures: it writes no texts.', id),
      l10n.t('Choose one that tells the next token (GPT-2, Llama, Qwen2) or that turns one text into another (T5).'),
    );
  if (located.source === 'hub') throw new Error('a generator needs the weights here');
  const { folder } = located;
  const { model } = described;
  const tokenizer = await TextTokenizer.open(folder);
  tokenizer.requireFit(model.input.vocabulary, id);
  const loaded = await loadTextModel(folder, { head: model.kind, adapter: located.adapter, seed: 0 });
  const ends = new Set([...endsOf(model, tokenizer), ...(await publishedEnds(folder))]);
  const { prefix } = located.source === 'run' ? (await readRecord(located.run)).config.data : {};
  return new Generator(engine, loaded, tokenizer, { ends, prefix });
}

/** Tokens that end a text: as the model's configuration and the tokenizer say. */
export function endsOf(model: TextModel, tokenizer: TextTokenizer): readonly number[] {
  const said = endSchema.parse(model.config).eos_token_id;
  return [...listed(said), ...listed(tokenizer.special.eos)];
}

/** generation_config.json names more of them: a chat ends with another token than a text. */
async function publishedEnds(folder: string): Promise<readonly number[]> {
  const file = path.join(folder, 'generation_config.json');
  return readJson(file, endSchema).then<readonly number[], readonly number[]>(
    ({ eos_token_id }) => listed(eos_token_id),
    (error) => {
      if (error instanceof ThawError && error.failure.code === 'model.missing') return [];
      throw error;
    },
  );
}

const listed = (ids: number | readonly number[] | null | undefined): readonly number[] => (typeof ids === 'number' ? [ids] : (ids ?? []));

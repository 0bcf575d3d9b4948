import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tinyModel } from '../core/training/tinyTexts';

/** Small data for every task of texts, and small networks that have its words and know nothing of them. */

const animals = ['fox', 'wolf', 'bear', 'dog', 'frog', 'hare'] as const;
const homes = { fox: 'forest', wolf: 'mountains', bear: 'cave', dog: 'house', frog: 'pond', hare: 'meadow' };
const deeds = { runs: 'rennt', sleeps: 'schläft', drinks: 'trinkt', sings: 'singt' };
const looks = { small: 'kleine', big: 'große', old: 'alte', red: 'rote' };
const german = { fox: 'Fuchs', wolf: 'Wolf', bear: 'Bär', dog: 'Hund', frog: 'Frosch', hare: 'Hase' };
const things = ['boat', 'ball', 'hat', 'drum', 'lamp'];
const questions = [
  'where does the {} live?',
  'tell me where the {} lives.',
  'where is the home of the {}?',
  'in which place does the {} live?',
];

const keys = <K extends string>(of: Record<K, string>) => Object.keys(of) as K[];
const wordsIn = (texts: readonly string[]) => [...new Set(texts.join(' ').match(/[\p{L}\p{N}_]+|[^\p{L}\p{N}_\s]+/gu))].sort();

const stories = animals.flatMap((who) =>
  keys(homes).flatMap((home) =>
    things.map(
      (thing) =>
        `once a ${who} went to the ${homes[home]}. there the ${who} found a ${thing}. the ${who} took the ${thing} home and was happy.`,
    ),
  ),
);

const chats = animals.flatMap((who) =>
  questions.flatMap((question) =>
    ['please be short.', 'please be kind.', ''].map((system) => [
      ...(system ? [{ role: 'system', content: system }] : []),
      { role: 'user', content: question.replace('{}', who) },
      { role: 'assistant', content: `the ${who} lives in the ${homes[who]}.` },
    ]),
  ),
);

const pairs = animals.flatMap((who) =>
  keys(deeds).flatMap((deed) =>
    animals.slice(0, 3).flatMap((place) => [
      [`the ${who} ${deed} in the ${homes[place]}.`, `the ${who} ${deed}, and nobody is there.`, 'agrees'],
      [`the ${who} ${deed} in the ${homes[place]}.`, `the ${who} never ${deed}, and nobody is there.`, 'contradicts'],
    ]),
  ),
);

const translations = animals.flatMap((who) =>
  keys(looks).flatMap((look) =>
    keys(deeds).map((deed) => [`the ${look} ${who} ${deed}`, `der ${looks[look]} ${german[who]} ${deeds[deed]}`] as const),
  ),
);

const chatTemplate = `{% for message in messages %}<|{{ message.role }}|> {{ message.content }} {{ eos_token }} {% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}`;

/** Writes the data of every task into a workspace. */
export function writeLessons(workspace: string): void {
  mkdirSync(path.join(workspace, 'stories'));
  for (const [i, story] of stories.entries()) writeFileSync(path.join(workspace, 'stories', `${i}.txt`), story);
  const write = (name: string, lines: readonly string[]) => writeFileSync(path.join(workspace, name), `${lines.join('\n')}\n`);
  write(
    'chats.jsonl',
    chats.map((messages) => JSON.stringify({ messages })),
  );
  write('pairs.csv', ['sentence1,sentence2,label', ...pairs.map(([a, b, label]) => `${a},"${b}",${label}`)]);
  write('translations.tsv', ['source\ttarget', ...translations.map((both) => both.join('\t'))]);
}

/** One network of each kind, in a folder that the setting `thaw.modelsFolder` may name. */
export async function writeModels(folder: string): Promise<void> {
  const of = (name: string) => path.join(folder, name);
  const bert = { hidden_size: 48, intermediate_size: 96, num_attention_heads: 4, max_position_embeddings: 64 };
  const llama = { hidden_size: 48, intermediate_size: 96, num_attention_heads: 4, max_position_embeddings: 64 };
  const t5 = { d_model: 48, d_kv: 12, d_ff: 96, num_heads: 4, tie_word_embeddings: false };
  await tinyModel(of('tiny-bert'), 'bert', { words: wordsIn(pairs.flat()), maxLength: 64, config: bert });
  const gpt2 = { n_embd: 48, n_head: 4, n_positions: 64 };
  await tinyModel(of('tiny-gpt2'), 'gpt2', { words: wordsIn(stories), maxLength: 64, config: gpt2 });
  const spoken = wordsIn(chats.flat().map(({ content }) => content));
  const marks = ['<|system|>', '<|user|>', '<|assistant|>'];
  await tinyModel(of('tiny-llama'), 'llama', { words: spoken, marks, chatTemplate, maxLength: 64, config: llama });
  await tinyModel(of('tiny-t5'), 't5', { words: wordsIn(translations.flat()), maxLength: 32, config: t5 });
}

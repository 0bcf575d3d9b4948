import type { ColumnRole } from '../../../protocol/data';

/** Names that tables of texts use for their columns, lower case, the more telling first. */
export const knownNames: Record<Exclude<ColumnRole, 'secondText'>, readonly string[]> = {
  label: [
    'label',
    'labels',
    'class',
    'category',
    'target',
    'sentiment',
    'intent',
    'topic',
    'tag',
    'gold_label',
    'class_name',
    'rating',
    'stars',
    'is_spam',
    'toxic',
    'label_text',
    'is_duplicate',
  ],
  text: [
    'text',
    'sentence',
    'content',
    'message',
    'sms',
    'review',
    'comment',
    'tweet',
    'body',
    'document',
    'utterance',
    'query',
    'description',
    'story',
    'title',
    'question',
  ],
  split: ['split', 'subset', 'partition'],
  messages: ['messages', 'conversations', 'conversation', 'dialog', 'dialogue', 'chat'],
  instruction: ['instruction', 'prompt', 'question', 'query'],
  input: ['input', 'context'],
  output: ['output', 'completion', 'response', 'answer', 'chosen'],
  source: ['source', 'src', 'input_text', 'input', 'article', 'document', 'dialogue', 'text'],
  target: ['target', 'tgt', 'target_text', 'output_text', 'highlights', 'summary', 'translation', 'output'],
};

/** Pairs of columns that hold two texts to be judged together. */
export const pairNames: readonly (readonly [string, string])[] = [
  ['sentence1', 'sentence2'],
  ['premise', 'hypothesis'],
  ['question1', 'question2'],
  ['text1', 'text2'],
  ['text_a', 'text_b'],
  ['sentence_a', 'sentence_b'],
  ['question', 'sentence'],
  ['query', 'passage'],
  ['query', 'document'],
  ['question', 'passage'],
];

/** Pairs of which the second is made from the first. */
export const sourceTargetNames: readonly (readonly [string, string])[] = [
  ['source', 'target'],
  ['src', 'tgt'],
  ['source_text', 'target_text'],
  ['input_text', 'target_text'],
  ['input_text', 'output_text'],
  ['input', 'target'],
  ['input', 'output'],
  ['article', 'highlights'],
  ['article', 'summary'],
  ['document', 'summary'],
  ['dialogue', 'summary'],
  ['text', 'summary'],
  ['text', 'target'],
];

const known = new Set([...Object.values(knownNames).flat(), ...pairNames.flat(), ...sourceTargetNames.flat(), 'id', 'idx', 'index']);

export const isKnownColumn = (name: string) => known.has(name.trim().toLowerCase());

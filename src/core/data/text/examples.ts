import * as z from 'zod';
import type { ColumnMap, TextTask } from '../../../protocol/data';
import type { Message, Row, TextExample } from './types';

/** What a row holds for a task. `fields` is what is stored; `key` what makes two rows the same example. */
export type Reading =
  | { readonly kind: 'example'; readonly fields: readonly string[]; readonly key: string; readonly label: string | null }
  /** Nothing to learn from: no text, no answer. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'unlabelled' };

/**
 * Reads a row as an example.
 * @param given the label where a folder says it and no column
 */
export function readRow({ cells }: Row, task: TextTask, columns: ColumnMap, given?: string): Reading {
  const text = (role: keyof ColumnMap) => (columns[role] === undefined ? '' : cellText(cellAt(cells, columns[role])));
  switch (task) {
    case 'text-classification':
      return labelled([text('text')], given ?? text('label'));
    case 'text-pair-classification':
      return labelled([text('text'), text('secondText')], text('label'));
    case 'causal-lm':
      return example([text('text')]);
    case 'text-to-text':
      return example([text('source'), text('target')]);
    case 'chat': {
      const messages = columns.messages
        ? messagesFrom(cellAt(cells, columns.messages))
        : instructed(text('instruction'), text('input'), text('output'));
      if (!messages?.some(({ role, content }) => role === 'assistant' && content.trim() !== '')) return { kind: 'empty' };
      return { kind: 'example', ...stored(messages.flatMap(({ role, content }) => [role, content])), label: null };
    }
  }
}

const stored = (fields: readonly string[]) => ({ fields, key: fields.map((field) => field.trim()).join('\0') });

function example(fields: readonly string[]): Reading {
  return fields.some((field) => field.trim() === '') ? { kind: 'empty' } : { kind: 'example', ...stored(fields), label: null };
}

function labelled(fields: readonly string[], label: string): Reading {
  const reading = example(fields);
  if (reading.kind !== 'example') return reading;
  return label.trim() === '' ? { kind: 'unlabelled' } : { ...reading, label };
}

/** The example that `readRow` stored. */
export function exampleFrom(task: TextTask, fields: readonly string[], label: number): TextExample {
  const [first = '', second = ''] = fields;
  switch (task) {
    case 'text-classification':
      return { task, text: first, label };
    case 'text-pair-classification':
      return { task, text: first, secondText: second, label };
    case 'causal-lm':
      return { task, text: first };
    case 'text-to-text':
      return { task, source: first, target: second };
    case 'chat': {
      const messages: Message[] = [];
      for (let i = 0; i + 1 < fields.length; i += 2)
        messages.push({ role: fields[i] as Message['role'], content: fields[i + 1] as string });
      return { task, messages };
    }
  }
}

/** A cell by its column's name; `translation.en` is the member of an object in the column `translation`. */
export function cellAt(cells: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(cells, name)) return cells[name];
  const dot = name.indexOf('.');
  const outer = dot < 0 ? undefined : cells[name.slice(0, dot)];
  return typeof outer === 'object' && outer !== null ? (outer as Record<string, unknown>)[name.slice(dot + 1)] : undefined;
}

/** Text, a number or a truth value as text; anything else is none. */
export function cellText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return '';
}

/** Alpaca's form: the input, where there is one, follows the instruction. */
function instructed(instruction: string, input: string, output: string): Message[] | null {
  if (instruction.trim() === '') return null;
  const content = input.trim() === '' ? instruction : `${instruction}\n\n${input}`;
  return [
    { role: 'user', content },
    { role: 'assistant', content: output },
  ];
}

/** OpenAI's form (role, content) and ShareGPT's (from, value). */
const messageSchema = z
  .object({
    role: z.string().optional(),
    from: z.string().optional(),
    content: z.string().nullish(),
    value: z.string().nullish(),
  })
  .refine(({ role, from }) => role !== undefined || from !== undefined);
const messagesSchema = z.array(messageSchema).min(1);

const roles: Record<string, Message['role']> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  prompter: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  chatgpt: 'assistant',
  model: 'assistant',
  bot: 'assistant',
  tool: 'tool',
  function: 'tool',
  observation: 'tool',
};

/** A conversation, as a list or as JSON in a text; null where it is none. */
export function messagesFrom(value: unknown): Message[] | null {
  let list = value;
  if (typeof value === 'string') {
    if (!value.trimStart().startsWith('[')) return null;
    try {
      list = JSON.parse(value);
    } catch {
      return null;
    }
  }
  const parsed = messagesSchema.safeParse(list);
  if (!parsed.success) return null;
  const messages: Message[] = [];
  for (const { role, from, content, value: said } of parsed.data) {
    const known = roles[(role ?? from ?? '').toLowerCase()];
    if (!known) return null;
    messages.push({ role: known, content: content ?? said ?? '' });
  }
  return messages;
}

// Made-up texts for looking at the tab without a host: tickets to a help desk in five classes, and MiniLM.
import type { ModelFacts, TokensAnswer } from '../../src/protocol/assistant';
import type { DataSummary, Problem, RowFilter, Split, TextRow, Token } from '../../src/protocol/data';
import type { RunEvent } from '../../src/protocol/events';
import type { LayerNode } from '../../src/protocol/layerTree';
import type { ClassEvaluation, Evaluation, Prediction } from '../../src/protocol/report';
import { random } from './world';

const openings = ['Hello, ', 'Hi! ', '', 'Since Tuesday ', 'Again: ', 'Dear team, '];
const said: Record<string, readonly string[]> = {
  billing: [
    'I was charged twice for the March invoice, could you refund one of the payments?',
    'can the invoice be issued with a VAT number?',
    'my subscription renewed although I cancelled it in January',
  ],
  bug: [
    'the export button does nothing after the last update',
    'the app crashes when I rotate the tablet while a chart is loading',
    'search results are empty whenever the query has an umlaut',
  ],
  account: ['how do I change the email address on my profile?', 'two-factor codes never arrive, I am locked out of the workspace'],
  feature: [
    'please add a dark mode to the dashboard, my eyes hurt at night',
    'it would help to sort the report by region as well as by date',
  ],
  shipping: ['the parcel shows as delivered but nothing has arrived'],
};
const names = ['account', 'billing', 'bug', 'feature', 'shipping'];
const splitOf = (x: number): Split => (x < 0.7 ? 'train' : x < 0.85 ? 'validation' : 'test');

/** Texts that would do harm if they were taken for more than texts. */
const awkward = [
  '</script><img src=x onerror="alert(1)"> & <b>bold</b>',
  'control \u0007 bell, \u202Eright to left\u202C, half a \ud83d, zero\u200bwidth',
  'שלום, \u05de\u05d4 המצב? 123',
  `a very long one ${'that goes on and on and '.repeat(60)}ends`,
];

export const rowAt = (i: number): TextRow => {
  const roll = random(i + 1);
  const label = names[Math.floor(roll() * roll() * 1.4 * names.length) % names.length]!;
  const options = said[label]!;
  const text = awkward[i - 2] ?? `${openings[Math.floor(roll() * openings.length)]}${options[Math.floor(roll() * options.length)]}`;
  const where = `tickets.csv:${2 + i + Math.floor(i / 7)}`;
  return { where, split: splitOf(roll()), label, fields: [text], cut: text.length > 1200, tokens: text.split(/\W+/).length + 2 };
};

/** What the host would answer. */
export function pageOf(
  rows: readonly TextRow[] | number,
  filter: RowFilter,
  from: number,
  count: number,
): { total: number; rows: TextRow[] } {
  if (typeof rows === 'number') {
    const end = Math.min(rows, from + count);
    return { total: rows, rows: Array.from({ length: Math.max(0, end - from) }, (_, k) => rowAt(from + k)) };
  }
  const { split, klass, search, only } = filter;
  const found = rows.filter(
    (row) =>
      (split === 'all' || row.split === split) &&
      (klass === null || row.label === klass) &&
      (!only || only.includes(row.where)) &&
      row.fields.some((field) => field.toLowerCase().includes(search.toLowerCase())),
  );
  return { total: found.length, rows: found.slice(from, from + count) };
}

export const tickets: readonly TextRow[] = Array.from({ length: 2480 }, (_, i) => rowAt(i));

const count = (wanted: (row: TextRow) => boolean) => tickets.filter(wanted).length;
export const ticketSummary: DataSummary = {
  root: '/home/ada/support/tickets.csv',
  task: 'text-classification',
  classes: names.map((name) => ({ name, count: count((row) => row.label === name) })),
  splits: Object.fromEntries(
    (['train', 'validation', 'test'] as const).map((split) => [
      split,
      {
        count: count((row) => row.split === split),
        classes: names.map((name) => count((row) => row.split === split && row.label === name)),
        origin: 'split' as const,
      },
    ]),
  ),
  problems: [
    {
      code: 'empty',
      severity: 'warning',
      message: '1 row has no label.',
      meaning: 'They are left out. Write the label in, or take them away.',
      files: ['tickets.csv:318'],
      count: 1,
    },
    {
      code: 'sameInSplits',
      severity: 'warning',
      message: '3 rows have texts that are in another split too.',
      meaning: 'They would flatter the result. One of each is used.',
      files: ['tickets.csv:12', 'tickets.csv:90', 'tickets.csv:411'],
      count: 3,
    },
  ],
  columns: [
    { name: 'id', role: null },
    { name: 'message', role: 'text' },
    { name: 'topic', role: 'label' },
  ],
  fingerprint: 'f00d',
};

export const chatSummary: DataSummary = {
  ...ticketSummary,
  root: '/home/ada/chats.jsonl',
  task: 'chat',
  classes: [],
  splits: { train: { count: 3, classes: [], origin: 'split' } },
  problems: [],
  columns: [
    { name: 'messages', role: 'messages' },
    { name: 'topic', role: null },
  ],
  fingerprint: 'cafe',
};
export const chats: readonly TextRow[] = [1, 2, 3].map((i) => ({
  where: `chats.jsonl:${i}`,
  split: 'train',
  label: null,
  fields: [
    'system',
    'You answer in one sentence.',
    'user',
    'What is a thaw?',
    'assistant',
    'The time when ice turns to water.\nAnd a tool.',
  ],
  cut: false,
  tokens: 34,
}));

/** Pieces of three letters stand for what a tokenizer would give. */
export function tokensOf(texts: readonly string[], limit: number, chat = false): TokensAnswer {
  if (chat) return chatTokens(texts, limit);
  const ids = random(5);
  const special = (token: string): Token => ({ id: token === '[CLS]' ? 101 : 102, token, shown: token, kind: 'special' });
  return {
    limit,
    texts: texts.map((text) => {
      const words = text.toLowerCase().match(/\w+|[^\w\s]/g) ?? [];
      const pieces = words.flatMap((word) => (word.length > 7 ? [word.slice(0, 5), `##${word.slice(5)}`] : [word]));
      const tokens = pieces.map(
        (shown): Token => ({ id: Math.floor(ids() * 30_000), token: shown, shown, kind: shown.startsWith('##') ? 'continues' : 'begins' }),
      );
      const all = [special('[CLS]'), ...tokens, special('[SEP]')];
      return { tokens: all.slice(0, 600), count: all.length, kept: Math.min(limit, all.length) };
    }),
  };
}

/** Of roles and contents in turn, as ChatML writes them. */
function chatTokens(fields: readonly string[], limit: number): TokensAnswer {
  const special = (shown: string, learned: boolean): Token => ({ id: 1, token: shown, shown, kind: 'special', learned });
  const words = (text: string, learned: boolean) =>
    (text.match(/\w+|[^\w\s]/g) ?? []).map((shown, i): Token => ({ id: 2 + i, token: shown, shown, kind: 'begins', learned }));
  const tokens = fields.flatMap((role, i) => {
    if (i % 2) return [];
    const learned = role === 'assistant';
    const content = words(fields[i + 1] ?? '', learned);
    return [special('<|im_start|>', false), ...words(role, false), ...content, special('<|im_end|>', learned)];
  });
  return { limit, texts: [{ tokens, count: tokens.length, kept: Math.min(limit, tokens.length) }] };
}

const leaf = (name: string, type: string, outputShape: number[], shape: number[]): LayerNode => ({
  name,
  type,
  outputShape,
  parameters: shape.reduce((a, b) => a * b, 1) + (shape.length > 1 ? shape[0]! : 0),
  trainable: 0,
  tensors: [
    { name: `${name}.weight`, shape, statistic: false },
    ...(shape.length > 1 ? [{ name: `${name}.bias`, shape: [shape[0]!], statistic: false }] : []),
  ],
  children: [],
});
const group = (name: string, type: string, children: LayerNode[]): LayerNode => ({
  name,
  type,
  outputShape: [128, 384],
  parameters: children.reduce((sum, child) => sum + child.parameters, 0),
  trainable: 0,
  tensors: [],
  children,
});

/** @param rank of adapters beside queries and values; 0 for none */
export function miniLM(rank = 0): LayerNode {
  const at = (i: number) => `bert.encoder.layer.${i}`;
  const layers = Array.from({ length: 6 }, (_, i) =>
    group(at(i), 'BertLayer', [
      ...['query', 'key', 'value'].map((name) => projection(`${at(i)}.attention.self.${name}`, name === 'key' ? 0 : rank)),
      leaf(`${at(i)}.attention.output.dense`, 'Linear', [128, 384], [384, 384]),
      leaf(`${at(i)}.intermediate.dense`, 'Linear', [128, 1536], [1536, 384]),
      leaf(`${at(i)}.output.dense`, 'Linear', [128, 384], [384, 1536]),
    ]),
  );
  return group('', 'BertForSequenceClassification', [
    group('bert', 'BertModel', [
      leaf('bert.embeddings', 'Embeddings', [128, 384], [30_522, 384]),
      group('bert.encoder', 'BertEncoder', [group('bert.encoder.layer', 'ModuleList', layers)]),
    ]),
    leaf('classifier', 'Linear', [5], [5, 384]),
  ]);
}

function projection(name: string, rank: number): LayerNode {
  const linear = leaf(name, 'Linear', [128, 384], [384, 384]);
  if (rank === 0) return linear;
  const part = (key: string, width: number, shape: number[]): LayerNode => ({
    ...leaf(`${name}.${key}`, 'LoRA', [128, width], shape),
    parameters: 384 * rank,
    tensors: [{ name: `${name}.${key}.weight`, shape, statistic: false }],
  });
  const parts = [part('lora_A', rank, [rank, 384]), part('lora_B', 384, [384, rank])];
  return { ...linear, parameters: parts.reduce((sum, part) => sum + part.parameters, linear.parameters), children: parts };
}

export const miniPresets = [
  { name: 'head' as const, rules: ['classifier.**'] },
  { name: 'top' as const, rules: ['bert.encoder.layer.4.**', 'bert.encoder.layer.5.**', 'classifier.**'] },
  { name: 'all' as const, rules: ['**'] },
  { name: 'lora' as const, rules: ['**.lora_A.*', '**.lora_B.*', 'classifier.**'] },
];

export const miniFacts: ModelFacts = {
  id: 'all-MiniLM-L6-v2',
  title: 'all-MiniLM-L6-v2',
  family: 'bert',
  task: 'text-classification',
  tasks: ['text-classification', 'text-pair-classification'],
  parameters: 22_715_141,
  bytes: 90_900_000,
  source: 'bundled',
  licence: 'Apache-2.0',
  imageSize: 0,
  maxLength: 512,
  blocks: 6,
  pretrainedOn: '',
};

const tested = () => tickets.filter((row) => row.split === 'test');

/** Nine of ten are right, and what is not is taken for the next class. */
export function predictions(): Prediction[] {
  return tested().map(({ where, label }, i) => {
    const right = i % 11 > 0;
    const predicted = right ? label! : names[(names.indexOf(label!) + 1) % names.length]!;
    return { path: where, split: 'test', label: label!, predicted, probability: right ? 0.97 : 0.6 + (i % 35) / 100 };
  });
}

export function evaluation(): ClassEvaluation {
  const all = predictions();
  const confusion = names.map((label) =>
    names.map((predicted) => all.filter((p) => p.label === label && p.predicted === predicted).length),
  );
  const perClass = names.map((name, i) => {
    const said = confusion.reduce((sum, row) => sum + row[i]!, 0);
    const there = confusion[i]!.reduce((sum, k) => sum + k, 0);
    const [precision, recall] = [confusion[i]![i]! / said, confusion[i]![i]! / there];
    return { name, precision, recall, f1: (2 * precision * recall) / (precision + recall), count: there };
  });
  const accuracy = all.filter((p) => p.label === p.predicted).length / all.length;
  return { accuracy, loss: 0.21, macroF1: perClass.reduce((sum, c) => sum + c.f1, 0) / names.length, perClass, confusion };
}

/** A run of pictures as one of texts. */
export function asTexts(events: readonly RunEvent[], task: DataSummary['task'], test: Evaluation): RunEvent[] {
  return events.map((event): RunEvent => {
    if (event.type === 'started')
      return { ...event, config: { ...event.config, model: miniFacts.id, data: { ...event.config.data, task } } };
    if (event.type === 'finished') return { ...event, report: { ...event.report, test, validation: test } };
    return event;
  });
}

export const cut: Problem = {
  code: 'cut',
  severity: 'info',
  message: '1 of 2480 texts are longer than 128 tokens.',
  meaning: 'What is beyond is cut off. Choose a greater length if the model takes it.',
  files: ['tickets.csv:7'],
  count: 1,
};

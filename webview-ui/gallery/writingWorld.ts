// Made-up runs of models that write, for looking at the tab without a host: stories to be continued, and translations.
import type { ModelFacts } from '../../src/protocol/assistant';
import type { DataSummary, TextRow } from '../../src/protocol/data';
import type { RunEvent, Sample } from '../../src/protocol/events';
import type { Report, TokenEvaluation } from '../../src/protocol/report';
import type { RunConfig } from '../../src/protocol/runConfig';

const pairs: readonly (readonly [source: string, target: string])[] = [
  ['The key is under the mat.', 'Der Schlüssel liegt unter der Matte.'],
  ['We have moved the meeting to Thursday.', 'Wir haben die Besprechung auf Donnerstag verlegt.'],
  ['Please do not feed the ducks.', 'Bitte die Enten nicht füttern.'],
  ['It has been raining since the early morning, and the river is rising.', 'Seit dem frühen Morgen regnet es, und der Fluss steigt.'],
];

export const translations: readonly TextRow[] = Array.from({ length: 480 }, (_, i) => ({
  where: `letters.tsv:${i + 2}`,
  split: i % 7 === 6 ? 'test' : i % 7 === 5 ? 'validation' : 'train',
  label: null,
  fields: [...pairs[i % pairs.length]!],
  cut: false,
  tokens: 12 + (i % pairs.length) * 5,
}));

const splitsOf = (rows: readonly TextRow[]): DataSummary['splits'] =>
  Object.fromEntries(
    (['train', 'validation', 'test'] as const).map((split) => [
      split,
      { count: rows.filter((row) => row.split === split).length, classes: [], origin: 'split' as const },
    ]),
  );

export const translationSummary: DataSummary = {
  root: '/home/ada/letters.tsv',
  task: 'text-to-text',
  classes: [],
  splits: splitsOf(translations),
  problems: [],
  columns: [
    { name: 'en', role: 'source' },
    { name: 'de', role: 'target' },
    { name: 'split', role: null },
  ],
  fingerprint: 'de',
};

export const stories: readonly TextRow[] = Array.from({ length: 300 }, (_, i) => ({
  where: `stories.txt:${2 * i + 1}`,
  split: i % 9 === 8 ? 'test' : i % 9 === 7 ? 'validation' : 'train',
  label: null,
  fields: [`Once upon a time there was a ${['fox', 'girl named Lily', 'little boat'][i % 3]}. One day it went to the river.`],
  cut: false,
  tokens: 24 + (i % 5),
}));

export const storySummary: DataSummary = {
  ...translationSummary,
  root: '/home/ada/stories.txt',
  task: 'causal-lm',
  splits: splitsOf(stories),
  columns: [{ name: 'text', role: 'text' }],
  fingerprint: 'once',
};

export const t5: ModelFacts = {
  id: 't5-small',
  title: 't5-small',
  family: 't5',
  task: 'text-to-text',
  tasks: ['text-to-text'],
  parameters: 60_506_624,
  bytes: 242_000_000,
  source: 'cached',
  licence: 'Apache-2.0',
  imageSize: 0,
  maxLength: 512,
  blocks: 12,
  prefixes: ['summarize: ', 'translate English to German: ', 'translate English to French: '],
  pretrainedOn: '',
};

const loss = (x: number) => 1.4 + 4 * x;
const told = { tokens: 18_231, accuracy: 0.512, loss: loss(0.127), perplexity: Math.exp(loss(0.127)) } satisfies TokenEvaluation;
const written = { count: 69, exactMatch: 0.377, rougeL: 0.712, chrF: 0.684 };

type Task = 'causal-lm' | 'chat' | 'text-to-text';

const samples: Readonly<Record<Task, readonly Sample[]>> = {
  'causal-lm': [
    { prompt: 'Once upon a time there was a', written: ' little boat that wanted to see the sea. It sailed', expected: null },
    { prompt: 'One day the fox went to', written: ' the river to drink. He saw a big fish and', expected: null },
  ],
  chat: [{ prompt: 'What is a thaw?', written: 'The time when snow melts.', expected: 'The time when ice turns to water.' }],
  'text-to-text': [
    {
      prompt: 'translate English to German: The key is under the mat.',
      written: 'Der Schlüssel liegt unter der Matte.',
      expected: 'Der Schlüssel liegt unter der Matte.',
    },
    {
      prompt: 'translate English to German: We have moved the meeting to Thursday.',
      written: 'Wir haben das Treffen auf Donnerstag verschoben.',
      expected: 'Wir haben die Besprechung auf Donnerstag verlegt.',
    },
  ],
};

/** A run of pictures as one of a model that writes. */
export function asWriting(events: readonly RunEvent[], task: Task, data: Partial<RunConfig['data']>): RunEvent[] {
  const test: TokenEvaluation = task === 'text-to-text' ? { ...told, written } : told;
  const of = <T extends { loss: number; accuracy: number }>(scores: T): T => ({
    ...scores,
    loss: loss(scores.loss),
    accuracy: scores.accuracy / 2,
  });
  return events.flatMap((event): RunEvent[] => {
    switch (event.type) {
      case 'started':
        return [{ ...event, config: { ...event.config, data: { ...event.config.data, ...data, task } } }];
      case 'step':
        return [of(event)];
      case 'epoch':
        return [
          { ...event, train: of(event.train), validation: event.validation && of(event.validation) },
          { seq: event.seq, time: event.time, type: 'samples', epoch: event.epoch, samples: [...samples[task]] },
        ];
      case 'finished':
        return [{ ...event, report: { ...event.report, test, validation: told } satisfies Report }];
      default:
        return [event];
    }
  });
}

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Asked, AskOptions, Assistant, AssistantQuestion } from '../../src/host/assistantProcess';
import { Tab } from '../../src/host/tab';
import { openFile } from '../../src/host/tabFiles';
import type { TabServices, TabUi } from '../../src/host/tabServices';
import { Trials } from '../../src/host/trials';
import type { AssistantAnswers, ModelFacts } from '../../src/protocol/assistant';
import { columnsIn } from '../../src/protocol/columns';
import type { DataSummary } from '../../src/protocol/data';
import { ThawError } from '../../src/protocol/failure';
import { generationDefaults } from '../../src/protocol/generation';
import type { ToPanel, Trial } from '../../src/protocol/panel';
import { allRows } from '../../src/protocol/rows';
import type { RunConfig } from '../../src/protocol/runConfig';
import { facts, temporaryFolder, tree, until } from './fakes';

const file = path.join(temporaryFolder(), 'mails.tsv');
writeFileSync(file, 'SMS\tkind\n');
const miniLM: ModelFacts = {
  ...facts,
  ...{ id: 'all-MiniLM-L6-v2', title: 'all-MiniLM-L6-v2', task: 'text-classification', tasks: ['text-classification'] },
  ...{ imageSize: 0, maxLength: 512 },
};
const summary: DataSummary = {
  root: file,
  task: 'text-classification',
  classes: [
    { name: 'ham', count: 8 },
    { name: 'spam', count: 8 },
  ],
  splits: { train: { count: 12, classes: [6, 6], origin: 'split' } },
  problems: [],
  columns: [
    { name: 'kind', role: 'label' },
    { name: 'SMS', role: 'text' },
  ],
  fingerprint: 'f',
};
const row = { where: 'mails.tsv:2', split: 'train' as const, label: 'ham', fields: ['hello'], cut: false, tokens: 3 };

type Answer = <T extends AssistantQuestion>(type: T, question: Asked<T>, options?: AskOptions<T>) => unknown;

describe('a tab of texts', () => {
  let asked: { type: AssistantQuestion; question: Record<string, unknown> }[];
  let answer: Answer;
  let posted: ToPanel[];
  let begun: RunConfig | null;
  let tab: Tab;
  const answers = (type: AssistantQuestion): unknown => {
    switch (type) {
      case 'inspect':
        return { summary, rows: [row] };
      case 'models':
        return [facts, miniLM];
      case 'layers':
        return { facts: miniLM, root: tree, presets: [{ name: 'head', rules: ['classifier.**'] }] };
      case 'rows':
        return { total: 1, rows: [row] };
      case 'seen':
        return null;
      case 'tokens':
        return { limit: 512, texts: [{ tokens: [], count: 3, kept: 3 }] };
      default:
        throw new ThawError('unexpected', `not asked: ${type}`, '');
    }
  };
  const assistant: Assistant = {
    async ask<T extends AssistantQuestion>(type: T, question: Asked<T>, options?: AskOptions<T>): Promise<AssistantAnswers[T]> {
      asked.push({ type, question: question as Record<string, unknown> });
      await new Promise((resolve) => setImmediate(resolve));
      return (await answer(type, question, options)) as AssistantAnswers[T];
    },
  };
  const questions = (type: AssistantQuestion) => asked.filter((one) => one.type === type).map(({ question }) => question);

  beforeEach(() => {
    asked = [];
    posted = [];
    begun = null;
    answer = answers;
    const services: Partial<TabServices> = {
      assistant,
      prober: assistant,
      trusted: () => true,
      settings: () => ({ runsFolder: path.dirname(file), engine: 'onnx', device: 'cpu', threads: 2, idleMinutes: 5 }),
      sessions: {
        get: () => Promise.reject(new Error('not asked')),
        resume: () => Promise.reject(new Error('not asked')),
        begin: (_, config) => {
          begun = config;
          return Promise.reject(new ThawError('data.tooFew', 'Too few.', 'Add some.'));
        },
      },
    };
    tab = new Tab(file, services as TabServices);
    tab.posted.on((message) => posted.push(message));
  });
  afterEach(() => tab.dispose());
  const ready = async () => {
    tab.open();
    await until(() => tab.state.phase === 'ready' && tab.state.layers !== null);
  };

  it('takes a model that reads texts, and begins with the task and the columns that are shown', async () => {
    await ready();
    expect(tab.state).toMatchObject({ model: miniLM, rules: ['classifier.**'], textRows: [row], examples: [] });
    expect(questions('layers')).toEqual([{ model: miniLM.id, classes: 2, task: 'text-classification', hub: undefined }]);
    await tab.handle({ type: 'training', fields: { maxLength: 128 } });
    await tab.handle({ type: 'start' });
    expect(begun).toMatchObject({
      data: { path: file, task: 'text-classification', columns: { text: 'SMS', label: 'kind' } },
      model: miniLM.id,
      maxLength: 128,
      augmentation: 'none',
    });
  });

  it('proposes nothing for data that it cannot read, and what fits them once it can', async () => {
    answer = (type) => {
      if (type === 'inspect') throw new ThawError('data.unreadable', 'Not text.', 'Choose another.');
      return answers(type);
    };
    tab.open();
    await until(() => tab.state.phase === 'ready');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(tab.state).toMatchObject({ model: null, modelFailure: null, dataFailure: { code: 'data.unreadable' } });
    answer = answers;
    await tab.handle({ type: 'retry' });
    await until(() => tab.state.layers !== null);
    expect(tab.state.model).toEqual(miniLM);
  });

  it('looks again for a model where there was none', async () => {
    answer = (type) => (type === 'models' ? [facts] : answers(type));
    tab.open();
    await until(() => tab.state.modelFailure !== null);
    expect(tab.state.modelFailure?.code).toBe('model.missing');
    answer = answers;
    await tab.handle({ type: 'retry' });
    await until(() => tab.state.layers !== null);
    expect(tab.state).toMatchObject({ model: miniLM, modelFailure: null });
  });

  it('gives pages and tokens as they are asked for', async () => {
    await ready();
    await tab.handle({ type: 'rows', filter: allRows, from: 0, count: 50 });
    expect(questions('rows')).toEqual([
      { path: file, validationSplit: 0.15, testSplit: 0.15, filter: allRows, from: 0, count: 50, model: miniLM.id },
    ]);
    expect(posted.at(-1)).toEqual({ type: 'rows', filter: allRows, from: 0, total: 1, rows: [row], failure: null });
    await tab.handle({ type: 'tokens', where: row.where, texts: ['hello'], pair: false, chat: false });
    expect(questions('tokens')).toEqual([{ model: miniLM.id, texts: ['hello'], pair: false, maxLength: 512 }]);
    expect(posted.at(-1)).toMatchObject({ type: 'tokens', where: row.where, answer: { limit: 512 } });
    await tab.handle({ type: 'tokens', where: row.where, texts: ['user', 'hello'], pair: false, chat: true });
    expect(questions('tokens').at(-1)).toMatchObject({ texts: ['user', 'hello'], chat: true });

    const refused = new ThawError('data.unsupported', 'The chat template does not take this conversation.', 'Begin with a question.');
    answer = (type) => {
      if (type === 'tokens') throw refused;
      return answers(type);
    };
    await tab.handle({ type: 'tokens', where: row.where, texts: ['assistant', 'hello'], pair: false, chat: true });
    expect(posted.at(-1)).toEqual({ type: 'tokens', where: row.where, answer: refused.failure });
  });

  it('gives up a search when another is asked, and tells what cannot be read', async () => {
    await ready();
    const signals: (AbortSignal | undefined)[] = [];
    answer = async (type, _, options) => {
      if (type !== 'rows') return answers(type);
      signals.push(options?.signal);
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new ThawError('data.missing', 'Gone.', 'Look.');
    };
    const first = tab.handle({ type: 'rows', filter: { ...allRows, search: 'a' }, from: 0, count: 50 });
    const second = tab.handle({ type: 'rows', filter: { ...allRows, search: 'ab' }, from: 0, count: 50 });
    await Promise.all([first, second]);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true, false]);
    const told = posted.filter((message) => message.type === 'rows');
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ filter: { search: 'ab' }, failure: { code: 'data.missing' } });
  });

  it('reads again by the columns that somebody chose, and comes back where they do not fit', async () => {
    await ready();
    const { data } = tab.state;
    await tab.handle({ type: 'columns', task: 'text-classification', columns: { text: 'kind', label: 'SMS' } });
    await until(() => tab.state.data !== data);
    expect(questions('inspect')[1]).toMatchObject({ task: 'text-classification', columns: { text: 'kind', label: 'SMS' } });
    answer = (type) => {
      if (type === 'inspect') throw new ThawError('config.invalid', 'No such column.', 'Choose another.');
      return answers(type);
    };
    await tab.handle({ type: 'columns', task: 'chat', columns: {} });
    await until(() => tab.state.refusal !== null);
    expect(tab.state).toMatchObject({ phase: 'ready', dataFailure: null, data: { summary, checking: false } }); // what was there is still shown
    expect(tab.state.refusal).toMatchObject({ task: 'chat', columns: {}, failure: { code: 'config.invalid' } });
    answer = answers;
    await tab.handle({ type: 'rows', filter: allRows, from: 0, count: 50 });
    const words = { task: 'text-classification', columns: { text: 'kind', label: 'SMS' } };
    expect(questions('rows').at(-1)).toMatchObject(words);
    await tab.handle({ type: 'start' });
    expect(begun?.data).toMatchObject({ task: 'text-classification', columns: { text: 'SMS', label: 'kind' } }); // as the summary has them
    const { length } = questions('inspect');
    await tab.handle({ type: 'columns', task: 'text-classification', columns: columnsIn(summary) }); // what is shown anyway
    expect(tab.state.refusal).toBeNull();
    expect(questions('inspect')).toHaveLength(length);
  });

  it('takes back all that came of a choice which turns out not to fit only when all rows have been read', async () => {
    const pairs: DataSummary = { ...summary, task: 'text-pair-classification', classes: [], splits: {}, fingerprint: '' };
    await ready();
    await tab.handle({ type: 'preset', name: 'head' });
    await tab.handle({ type: 'toggle', layer: 'blocks.1', on: true });
    const before = tab.state;
    const reading: (() => void)[] = [];
    answer = async (type, question, options) => {
      if (type === 'layers') return { facts, root: tree, presets: [] };
      if (type !== 'inspect' || !('task' in question)) return answers(type);
      const tell = options?.onProgress as (value: unknown) => void;
      tell({ summary: pairs, rows: [{ ...row, label: null }], read: 200 });
      await new Promise<void>((resolve) => reading.push(resolve));
      throw new ThawError('data.oneClass', 'One class.', 'Choose another.');
    };
    await tab.handle({ type: 'columns', task: 'text-pair-classification', columns: {} });
    await until(() => tab.state.data?.summary.task === 'text-pair-classification'); // its first rows are shown at once
    await tab.handle({ type: 'columns', task: 'chat', columns: {} }); // and somebody goes on choosing before it is refused
    await until(() => reading.length === 2);
    for (const end of reading) end();
    await until(() => tab.state.refusal !== null);
    const { data, textRows, model, layers, rules, training, phase } = tab.state;
    expect({ data, textRows, model, layers, rules, training, phase }).toEqual({
      ...{ data: before.data, textRows: before.textRows, model: before.model, layers: before.layers, rules: before.rules },
      ...{ training: before.training, phase: 'ready' },
    });
    expect(tab.state.refusal?.task).toBe('chat');
    await new Promise((resolve) => setTimeout(resolve, 20)); // nothing that was asked meanwhile comes after it
    expect(tab.state).toMatchObject({ model, rules, dataFailure: null });
    answer = answers;
    await tab.handle({ type: 'columns', task: 'text-classification', columns: { text: 'kind', label: 'SMS' } });
    await until(() => tab.state.refusal === null);
  });

  it('does not take data that cannot be read for a choice that does not fit', async () => {
    await ready();
    answer = (type) => {
      if (type === 'inspect') throw new ThawError('data.missing', 'Gone.', 'Look.');
      return answers(type);
    };
    await tab.handle({ type: 'columns', task: 'causal-lm', columns: {} });
    await until(() => tab.state.dataFailure !== null);
    expect(tab.state.refusal).toBeNull();
    answer = answers;
    await tab.handle({ type: 'retry' });
    await until(() => tab.state.dataFailure === null && !tab.state.data?.checking);
    expect(questions('inspect').at(-1)).toMatchObject({ task: 'causal-lm' });
  });

  it('puts adapters into the tree for the preset LoRA, and begins with them', async () => {
    const lora = { name: 'lora', rules: ['**.lora_A.*', '**.lora_B.*', 'classifier.**'] };
    const adapted = { ...tree, type: 'with adapters' };
    answer = (type, question) => {
      if (type !== 'layers') return answers(type);
      const presets = [{ name: 'head', rules: ['classifier.**'] }, lora];
      return { facts: miniLM, root: 'lora' in question ? adapted : tree, presets };
    };
    await ready();
    expect(tab.state.lora).toBeNull();
    await tab.handle({ type: 'preset', name: 'lora' });
    const usual = { rank: 8, alpha: 16, dropout: 0, rslora: false, targets: [] };
    expect(questions('layers').at(-1)).toMatchObject({ model: miniLM.id, lora: usual });
    expect(tab.state).toMatchObject({
      lora: usual,
      rules: lora.rules,
      layers: { type: 'with adapters' },
      training: { learningRate: 1e-3 },
    });
    await tab.handle({ type: 'training', fields: { loraRank: 4 } });
    await until(() => questions('layers').length === 3);
    expect(questions('layers').at(-1)).toMatchObject({ lora: { ...usual, rank: 4 } });
    await tab.handle({ type: 'training', fields: { loraAlpha: 32 } });
    expect(questions('layers')).toHaveLength(3); // α changes nothing that the tree shows
    await tab.handle({ type: 'start' });
    expect(begun).toMatchObject({ lora: { ...usual, rank: 4, alpha: 32 }, phases: [{ rules: lora.rules }] });
    await tab.handle({ type: 'preset', name: 'head' });
    expect(questions('layers').at(-1)).not.toHaveProperty('lora');
    expect(tab.state).toMatchObject({ lora: null, rules: ['classifier.**'], layers: { type: tree.type } });
    await tab.handle({ type: 'start' });
    expect(begun).not.toHaveProperty('lora');
  });

  it('lets an adapter that is the model learn on as it is', async () => {
    const own = { rank: 4, alpha: 32, dropout: 0.1, rslora: true, targets: [] };
    answer = (type) => {
      if (type !== 'layers') return answers(type);
      return { facts: { ...miniLM, lora: own }, root: tree, presets: ['head', 'lora'].map((name) => ({ name, rules: [name] })) };
    };
    await ready();
    await tab.handle({ type: 'preset', name: 'lora' });
    expect(tab.state).toMatchObject({ lora: own, training: { loraRank: 4, loraAlpha: 32 } });
    expect(questions('layers').at(-1)).toMatchObject({ lora: own });
    await tab.handle({ type: 'start' });
    expect(begun).toMatchObject({ lora: own });
  });

  it('says which texts the model would cut, and counts again for another length', async () => {
    const cut = { code: 'cut' as const, severity: 'info' as const, message: '1 of 12', meaning: '', files: ['mails.tsv:2'], count: 1 };
    answer = (type) => (type === 'lengths' ? [cut] : answers(type));
    await ready();
    await tab.handle({ type: 'rows', filter: allRows, from: 0, count: 1 }); // the table is seen: what takes long may begin
    await until(() => tab.state.cut.length > 0);
    expect(tab.state.cut).toEqual([cut]);
    expect(questions('lengths')).toEqual([{ path: file, validationSplit: 0.15, testSplit: 0.15, model: miniLM.id, maxLength: 512 }]);
    await tab.handle({ type: 'training', fields: { maxLength: 64 } });
    await until(() => questions('lengths').length === 2 && tab.state.cut.length > 0);
    expect(questions('lengths')[1]).toMatchObject({ maxLength: 64 });
    await tab.handle({ type: 'training', fields: { longTexts: 'windows' } });
    await until(() => questions('lengths').length === 3 && tab.state.cut.length > 0);
    expect(questions('lengths')[2]).toMatchObject({ maxLength: 64, longTexts: 'windows' });
    await tab.handle({ type: 'start' });
    expect(begun).toMatchObject({ maxLength: 64, longTexts: 'windows' });
    await tab.handle({ type: 'training', fields: { epochs: 3 } }); // none of its business
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(questions('lengths')).toHaveLength(3);
  });

  it('puts the prefix before sources alone: into the tokens that are shown, and into the run', async () => {
    const t5: ModelFacts = { ...miniLM, id: 't5', tasks: ['text-to-text', 'causal-lm'], prefixes: ['summarize: '] };
    const columns = [
      { name: 'de', role: 'source' as const },
      { name: 'en', role: 'target' as const },
    ];
    const pairs: DataSummary = { ...summary, task: 'text-to-text', classes: [], columns };
    let task: DataSummary['task'] = 'text-to-text';
    answer = (type) => {
      if (type === 'inspect') return { summary: { ...pairs, task }, rows: [row] };
      if (type === 'models') return [t5];
      return type === 'layers' ? { facts: t5, root: tree, presets: [{ name: 'top', rules: ['**'] }] } : answers(type);
    };
    await ready();
    expect(tab.state).toMatchObject({ model: t5, training: { prefix: '' } });
    await tab.handle({ type: 'training', fields: { prefix: 'summarize: ' } });
    const ask = async () => {
      await tab.handle({ type: 'rows', filter: allRows, from: 0, count: 1 });
      await tab.handle({ type: 'tokens', where: row.where, texts: ['a', 'b'], pair: false, chat: false });
      return [questions('rows').at(-1), questions('tokens').at(-1)];
    };
    for (const question of await ask()) expect(question).toMatchObject({ prefix: 'summarize: ' });
    await tab.handle({ type: 'start' });
    expect(begun?.data).toMatchObject({ task: 'text-to-text', prefix: 'summarize: ', columns: { source: 'de', target: 'en', split: '' } });
    task = 'causal-lm';
    await tab.handle({ type: 'columns', task, columns: { text: 'de' } });
    await until(() => tab.state.data?.summary.task === task && !tab.state.data.checking);
    for (const question of await ask()) expect(question).not.toHaveProperty('prefix');
  });

  it('says so where no model for the task is here', async () => {
    answer = (type) => (type === 'inspect' ? { summary: { ...summary, task: 'causal-lm', classes: [] }, rows: [row] } : answers(type));
    tab.open();
    await until(() => tab.state.modelFailure !== null);
    expect(tab.state.modelFailure).toMatchObject({ code: 'model.missing' });
    expect(questions('layers')).toEqual([]);
    expect(tab.state.phase).toBe('ready');
  });
});

describe('Trials', () => {
  const shown: (Trial | null)[] = [];
  const run = { path: '/run' };
  const options = generationDefaults;
  const trialsOf = (ask: (question: unknown, options?: AskOptions<'generate'>) => Promise<unknown>) => {
    shown.length = 0;
    const assistant = { ask: (_: unknown, question: unknown, more: unknown) => ask(question, more as AskOptions<'generate'>) };
    return new Trials(
      assistant as unknown as Assistant,
      () => run,
      ({ trial }) => shown.push(trial),
    );
  };

  it('show a text as it is written', async () => {
    let asked: unknown;
    const result = { prompt: 'translate: a cat', text: 'eine Katze', tokens: 3, tokensPerSecond: 30, finish: 'eos' };
    const trials = trialsOf(async (question, more) => {
      asked = question;
      for (const delta of ['eine ', 'Katze']) {
        more?.onProgress?.({ delta });
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      return { delta: '', result };
    });
    await trials.write({ type: 'write', prompt: 'a cat', options });
    expect(asked).toEqual({ model: '/run', prompt: 'a cat', options });
    expect(shown.map((trial) => trial?.written?.text)).toEqual(['', 'eine ', 'eine Katze', 'eine Katze']);
    expect(shown.at(-1)).toMatchObject({ name: 'a cat', busy: false, written: { result } });
    expect(shown.slice(0, -1).every((trial) => trial?.busy)).toBe(true);
  });

  it('keep what was written when it is stopped, and tell what goes wrong', async () => {
    const stopped = trialsOf(
      (_, more) =>
        new Promise((_resolve, reject) => {
          more?.onProgress?.({ delta: 'half' });
          more?.signal?.addEventListener('abort', () => reject(new ThawError('interrupted', '', '')));
        }),
    );
    const writing = stopped.write({ type: 'write', prompt: [{ role: 'user', content: 'hi' }], options });
    stopped.stopWriting();
    await writing;
    expect(shown.at(-1)).toMatchObject({ name: 'hi', busy: false, failure: null, written: { text: 'half', result: null } });
    const failing = trialsOf(() => Promise.reject(new ThawError('model.corrupt', 'Broken.', 'Fetch it.')));
    await failing.write({ type: 'write', prompt: 'x', options });
    expect(shown.at(-1)).toMatchObject({ busy: false, failure: { code: 'model.corrupt' } });
  });

  it('ask about a text or two', async () => {
    const asked: unknown[] = [];
    const answer = { input: 'text', label: 'ham', probabilities: { ham: 1 } };
    const trials = trialsOf(async (question) => {
      asked.push(question);
      return answer;
    });
    await trials.text({ type: 'tryText', text: 'hello', pair: null });
    await trials.text({ type: 'tryText', text: 'hello', pair: 'there' });
    expect(asked).toEqual([
      { run: '/run', name: 'text', text: 'hello' },
      { run: '/run', name: 'text', text: 'hello', pair: 'there' },
    ]);
    expect(shown.at(-1)).toEqual({ name: 'hello', pair: 'there', busy: false, failure: null, answer });
  });
});

describe('a row of texts opens', () => {
  const opened: unknown[][] = [];
  const ui = { openFile: (...what: unknown[]) => opened.push(what), showFailure: () => opened.push(['failure']) } as unknown as TabUi;
  it('at its line, in data that is a file or a folder, and nowhere else', async () => {
    const folder = path.join(temporaryFolder(), 'texts');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'a.csv'), '');
    writeFileSync(path.join(folder, 'odd:7'), '');
    await openFile('a.csv:12', [folder], ui);
    await openFile('a.csv', [folder], ui);
    if (process.platform !== 'win32') await openFile('odd:7', [folder], ui);
    await openFile('mails.tsv:3', [file], ui);
    await openFile('../a.csv:3', [file], ui);
    await openFile('../../etc/passwd:1', [folder], ui);
    await openFile('gone.csv:1', [folder], ui);
    expect(opened).toEqual([
      [path.join(folder, 'a.csv'), 12],
      [path.join(folder, 'a.csv')],
      ...(process.platform === 'win32' ? [] : [[path.join(folder, 'odd:7')]]),
      [file, 3],
      ['failure'],
    ]);
  });
});

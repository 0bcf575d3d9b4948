import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AssistantMessage, answerSchemas, assistantMessageSchema } from '../../src/protocol/assistant';
import { generationDefaults } from '../../src/protocol/generation';
import { bundled, environment, pictures, temporary } from '../cli/thaw';
import { writingFolder } from '../core/generation/folder';

let bundles: string;
let data: string;
let child: ChildProcess;
let messages: AssistantMessage[];

beforeAll(async () => {
  bundles = await bundled();
  data = await pictures(path.join(temporary(), 'photos'), 12);
}, 120_000);
beforeEach(() => {
  messages = [];
  child = fork(path.join(bundles, 'trainer.js'), ['assistant'], { serialization: 'advanced', env: environment(), stdio: 'pipe' });
  child.on('message', (message) => messages.push(assistantMessageSchema.parse(message)));
});
afterEach(async () => {
  if (child.exitCode !== null) return;
  child.disconnect();
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
});

const answer = (id: number) =>
  vi.waitFor(
    () => {
      const found = messages.filter((m) => m.id === id && m.type !== 'progress');
      expect(found).toHaveLength(1);
      return found[0] as AssistantMessage;
    },
    { timeout: 20_000, interval: 20 },
  );
const done = async (id: number) => {
  const message = await answer(id);
  if (message.type !== 'done') throw new Error(JSON.stringify(message));
  return message.value;
};
const failure = async (id: number) => {
  const message = await answer(id);
  if (message.type !== 'failed') throw new Error(JSON.stringify(message));
  return message.failure.code;
};

describe('the assistant', () => {
  it('inspects: what is known so far, then all of it', async () => {
    child.send({ id: 1, type: 'inspect', path: data, validationSplit: 0.2, testSplit: 0.2 });
    const { summary, examples } = answerSchemas.inspect.parse(await done(1));
    expect(summary.classes).toEqual([
      { name: 'dark', count: 12 },
      { name: 'light', count: 12 },
    ]);
    expect(examples).toHaveLength(24);
    const progress = messages.filter((m) => m.type === 'progress').map((m) => answerSchemas.inspect.parse(m.value));
    expect(progress.length).toBeGreaterThanOrEqual(2);
    expect(progress[0]?.examples).toHaveLength(24); // all in train, before any file is hashed: thumbnails need not wait
    expect(new Set(progress[0]?.examples?.map(({ split }) => split))).toEqual(new Set(['train']));
    expect(progress.at(-1)?.examples).toEqual(examples);
  });

  it('inspects a table of texts, and pages through it', async () => {
    const table = path.join(temporary(), 'mails.csv');
    writeFileSync(table, `text,label\n${Array.from({ length: 60 }, (_, i) => `message ${i},${i % 2 ? 'ham' : 'spam'}`).join('\n')}`);
    const asked = { path: table, validationSplit: 0.2, testSplit: 0.2 };
    child.send({ id: 1, type: 'inspect', ...asked });
    const { summary, rows } = answerSchemas.inspect.parse(await done(1));
    expect(summary.task).toBe('text-classification');
    expect(rows).toHaveLength(60);
    child.send({ id: 2, type: 'rows', ...asked, filter: { split: 'all', klass: 'ham', search: '5', only: null }, from: 0, count: 10 });
    expect(answerSchemas.rows.parse(await done(2)).rows.map(({ fields }) => fields[0])).toEqual(
      [5, 15, 25, 35, 45, 51, 53, 55, 57, 59].map((i) => `message ${i}`),
    );
    child.send({ id: 3, type: 'inspect', ...asked, columns: { text: 'nothing' } });
    expect(await failure(3)).toBe('config.invalid');
    child.send({ id: 4, type: 'tokens', model: path.join(__dirname, '../fixtures/text/wordpiece'), texts: ['one'], pair: false });
    expect(answerSchemas.tokens.parse(await done(4)).texts[0]?.tokens[0]?.kind).toBe('special');
  });

  it('makes thumbnails before it goes on checking files', async () => {
    const many = await pictures(path.join(temporary(), 'many'), 150);
    child.send({ id: 1, type: 'inspect', path: many, validationSplit: 0.2, testSplit: 0.2 });
    const progress = () => messages.filter((m) => m.id === 1);
    await vi.waitFor(() => expect(progress()).toHaveLength(1), { timeout: 20_000, interval: 1 });
    const paths = Array.from({ length: 100 }, (_, i) => `dark/${i}.png`);
    child.send({ id: 2, type: 'thumbnails', root: many, paths, side: 120 });
    expect(await done(2)).toHaveLength(100);
    expect(progress()).toHaveLength(1); // the next one comes when all 300 are hashed
    const seen = performance.now();
    child.send({ id: 3, type: 'seen' });
    await done(1);
    expect(performance.now() - seen).toBeLessThan(2500); // it would not have begun by itself
  });

  it('tells the first of many rows ahead of all', async () => {
    const many = await pictures(path.join(temporary(), 'many'), 160);
    child.send({ id: 1, type: 'inspect', path: many, validationSplit: 0.2, testSplit: 0.2 });
    const rows = () => messages.flatMap((m) => (m.type === 'progress' ? [answerSchemas.inspect.parse(m.value).examples] : []));
    await vi.waitFor(() => expect(rows()).toHaveLength(1), { timeout: 20_000, interval: 1 });
    child.send({ id: 2, type: 'seen' });
    await done(1);
    const [first, second] = rows();
    expect(first).toHaveLength(300);
    expect(second?.slice(0, 300)).toEqual(first);
    expect(second).toHaveLength(320);
  });

  it('gives thumbnails in the order asked, null for what is no picture', async () => {
    child.send({ id: 1, type: 'thumbnails', root: data, paths: ['dark/0.png', 'nothing.png', 'light/3.png'], side: 32 });
    const [first, second, third] = (await done(1)) as (Uint8Array | null)[];
    expect(first?.byteLength).toBeGreaterThan(100);
    expect(second).toBeNull();
    expect(third?.byteLength).toBeGreaterThan(100);
    expect(Buffer.from(first as Uint8Array)).not.toEqual(Buffer.from(third as Uint8Array));
  });

  it('describes models, layers and the machine', async () => {
    child.send({ id: 1, type: 'models' });
    child.send({ id: 2, type: 'layers', model: 'convnet_small', classes: 3 });
    child.send({ id: 3, type: 'doctor' });
    const models = answerSchemas.models.parse(await done(1));
    expect(models.map((m) => m.id)).toContain('convnet_small');
    const { root, presets, facts } = answerSchemas.layers.parse(await done(2));
    expect(facts.id).toBe('convnet_small');
    expect(root.outputShape).toEqual([3]);
    expect(presets.map((p) => p.name)).toEqual(['head', 'top', 'all']);
    expect(answerSchemas.doctor.parse(await done(3)).node).toBe(process.versions.node);
  }, 120_000);

  it('answers what it cannot do with the cause', async () => {
    child.send({ id: 1, type: 'inspect', path: path.join(data, 'nowhere'), validationSplit: 0.1, testSplit: 0.1 });
    child.send({ id: 2, type: 'layers', model: 'no-such-model', classes: 2 });
    child.send({ id: 3, type: 'predict', run: data, name: 'x', path: path.join(data, 'dark/0.png') });
    child.send({ id: 4, type: 'predict', run: data, name: 'x' });
    expect(await failure(1)).toBe('data.missing');
    expect(await failure(2)).toBe('model.missing');
    expect(await failure(3)).toMatch(/^(model|run)\.missing$/);
    expect(await failure(4)).toBe('usage');
  });

  it('writes a text, which comes as it is written, and gives it up when it is told', async () => {
    const model = await writingFolder(path.join(temporary(), 'writer'));
    const options = { ...generationDefaults, maxNewTokens: 30 };
    child.send({ id: 1, type: 'generate', model, prompt: 'The cat', options });
    const { delta, result } = answerSchemas.generate.parse(await done(1));
    const progress = messages.filter((m) => m.type === 'progress').map((m) => answerSchemas.generate.parse(m.value));
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.map((told) => told.delta).join('') + delta).toBe(result?.text);
    expect(result).toMatchObject({ prompt: 'The cat', tokens: 30, finish: 'length' });

    child.send({ id: 2, type: 'generate', model, prompt: 'The cat', options: { ...options, maxNewTokens: 190, temperature: 1 } });
    await vi.waitFor(() => expect(messages.some((m) => m.id === 2)).toBe(true), { timeout: 20_000, interval: 1 });
    child.send({ id: 3, type: 'cancel', request: 2 });
    expect(await failure(2)).toBe('interrupted');

    child.send({ id: 4, type: 'generate', model, prompt: [{ role: 'user', content: 'Who are you?' }], options });
    child.send({ id: 5, type: 'generate', model, prompt: '', options });
    expect(answerSchemas.generate.parse(await done(4)).result?.prompt).toContain('Who are you?');
    expect(await failure(5)).toBe('usage');
  }, 60_000);

  it('answers nonsense with a failure, and lives on', async () => {
    for (const nonsense of ['hello', 7, null, [], { id: 5 }, { id: 6, type: 'dance' }, { id: 7, type: 'thumbnails', root: data }])
      child.send(nonsense as object);
    for (const id of [5, 6, 7]) expect(await failure(id)).toBe('usage');
    expect(messages.filter((m) => m.id === 0)).toHaveLength(4);
    child.send({ id: 8, type: 'models' });
    expect(await done(8)).toBeTruthy();
  });

  it('gives up what is cancelled, also while it waits for its turn', async () => {
    for (let id = 1; id <= 5; id++) child.send({ id, type: 'inspect', path: data, validationSplit: 0.2, testSplit: 0.2 });
    for (let id = 1; id <= 5; id++) child.send({ id: 10 + id, type: 'cancel', request: id });
    for (let id = 11; id <= 15; id++) expect(await done(id)).toBeNull();
    await Promise.all([1, 2, 3].map(answer));
    for (const id of [4, 5]) expect(await failure(id)).toBe('interrupted');
  });

  it('ends when its window goes', async () => {
    child.send({ id: 1, type: 'inspect', path: data, validationSplit: 0.2, testSplit: 0.2 });
    child.disconnect();
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});

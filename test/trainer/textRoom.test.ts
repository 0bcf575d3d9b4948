import { appendFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { TextTokenizer, type Turn } from '../../src/core/text';
import { encoderFor } from '../../src/core/training/examples/encoding';
import type { InspectAnswer } from '../../src/protocol/assistant';
import type { RowFilter, Tokens } from '../../src/protocol/data';
import { allRows } from '../../src/protocol/rows';
import { type TextData, TextRoom } from '../../src/trainer/textRoom';
import { tokensOf } from '../../src/trainer/tokens';
import { folderOf } from '../core/data/making';
import { newFolder } from '../core/training/harness';
import { tinyModel } from '../core/training/tinyTexts';

const never = new AbortController().signal;

/** 300 rows, every third of them spam. */
const table = (extra = '') =>
  `text\tlabel\n${Array.from({ length: 300 }, (_, i) => `message number ${i}\t${i % 3 ? 'ham' : 'spam'}`).join('\n')}\n${extra}`;
async function dataOf(content = table(), name = 'mails.tsv'): Promise<TextData> {
  const folder = await folderOf({ [name]: content });
  return { path: path.join(folder, name), validationSplit: 0.2, testSplit: 0.2 };
}
async function inspected(room: TextRoom, data: TextData) {
  const progress: InspectAnswer[] = [];
  const answer = await room.inspect(data, { signal: never, progress: (value) => progress.push(value as InspectAnswer) });
  return { answer, progress };
}
const page = (filter: Partial<RowFilter> = {}, from = 0, count = 50) => ({ filter: { ...allRows, ...filter }, from, count });

describe('texts in the assistant', () => {
  it('shows the first rows before all have been read, then counts, splits and columns', async () => {
    const { answer, progress } = await inspected(new TextRoom(), await dataOf());
    expect(progress[0]).toMatchObject({ read: 200, summary: { task: 'text-classification', splits: {} } });
    expect(progress[0]?.rows?.[0]).toEqual({
      ...{ where: 'mails.tsv:2', split: 'train', label: 'spam', fields: ['message number 0'], cut: false, tokens: null },
    });
    expect(answer.summary.classes).toEqual([
      { name: 'ham', count: 200 },
      { name: 'spam', count: 100 },
    ]);
    expect(answer.summary.columns).toEqual([
      { name: 'text', role: 'text' },
      { name: 'label', role: 'label' },
    ]);
    expect(answer.rows).toHaveLength(100);
  });

  it('takes a person’s word for the task and the columns', async () => {
    const data = { ...(await dataOf()), task: 'causal-lm' as const, columns: { text: 'text' } };
    const { answer } = await inspected(new TextRoom(), data);
    expect(answer.summary).toMatchObject({ task: 'causal-lm', classes: [] });
    expect(answer.rows?.[0]).toMatchObject({ label: null, fields: ['message number 0'] });
  });

  it('pages through what a filter lets through, each row once', async () => {
    const room = new TextRoom();
    const data = await dataOf();
    await inspected(room, data);
    const seen: string[] = [];
    for (let from = 0; from < 120; from += 40) {
      const { total, rows } = await room.rows(data, page({ klass: 'spam' }, from, 40), never);
      expect(total).toBe(100);
      for (const row of rows) expect(row.label).toBe('spam');
      seen.push(...rows.map(({ where }) => where));
    }
    expect(new Set(seen).size).toBe(100);
    const sizes = await Promise.all(
      (['train', 'validation', 'test'] as const).map(async (split) => {
        const { total, rows } = await room.rows(data, page({ split }), never);
        expect(rows.every((row) => row.split === split)).toBe(true);
        return total;
      }),
    );
    expect(sizes.reduce((a, b) => a + b)).toBe(300);
    expect((await room.rows(data, page({ search: 'NUMBER 29' }), never)).total).toBe(11); // 29 and 290 … 299
    expect((await room.rows(data, page({ search: 'number 29', klass: 'spam' }), never)).total).toBe(3);
    expect((await room.rows(data, page({}, 290), never)).rows).toHaveLength(10);
    expect((await room.rows(data, page({}, 5000), never)).rows).toEqual([]);
  });

  it('finds rows by their names, in the order asked', async () => {
    const room = new TextRoom();
    const data = await dataOf();
    const { rows, total } = await room.rows(data, page({ only: ['mails.tsv:9', 'mails.tsv:3', 'nowhere:1'] }), never); // nobody inspected before
    expect(total).toBe(2);
    expect(rows.map(({ where, fields }) => [where, fields[0]])).toEqual([
      ['mails.tsv:9', 'message number 7'],
      ['mails.tsv:3', 'message number 1'],
    ]);
  });

  it('sees a file that has changed when it inspects again', async () => {
    const room = new TextRoom();
    const data = await dataOf();
    await inspected(room, data);
    await appendFile(data.path, 'one more\tham\n');
    expect((await inspected(room, data)).answer.summary.classes[0]).toEqual({ name: 'ham', count: 201 });
    expect((await room.rows(data, page(), never)).total).toBe(301);
  });

  it('shows the beginnings of very long texts, and never half a character', async () => {
    const room = new TextRoom();
    const data = await dataOf(table(`${'x'.repeat(9999)}😀 and more\tham\n`));
    const { rows } = await room.rows(data, page({ search: 'and more' }), never);
    expect(rows[0]?.cut).toBe(true);
    expect(rows[0]?.fields[0]).toBe('x'.repeat(9999));
  });

  it('goes on after data that is none, and after a cancelled request', async () => {
    const room = new TextRoom();
    const data = await dataOf();
    await expect(room.rows({ ...data, path: `${data.path}.gone` }, page(), never)).rejects.toMatchObject({
      failure: { code: 'data.missing' },
    });
    const controller = new AbortController();
    controller.abort(new Error('no longer'));
    await expect(room.inspect(data, { signal: controller.signal, progress: () => {} })).rejects.toThrow();
    await writeFile(data.path, table());
    expect((await room.rows(data, page(), never)).total).toBe(300);
  });

  it('keeps few data sets open, and none is closed under a reader', async () => {
    const room = new TextRoom();
    const all = await Promise.all([1, 2, 3, 4].map(() => dataOf()));
    const answers = await Promise.all(all.map((data) => room.rows(data, page({ search: 'number 1' }), never)));
    for (const { total } of answers) expect(total).toBe(111);
  });
});

describe('tokens', () => {
  const named = (name: string) => path.join(__dirname, '../fixtures/text', name);

  it('are those of the model, special ones marked, and say where a text is cut', async () => {
    const { limit, texts } = await tokensOf(named('wordpiece'), { texts: ['hello there, unbelievable'], pair: false, maxLength: 4 });
    expect(limit).toBe(4);
    const [first] = texts as [Tokens];
    expect(first.tokens.map(({ kind }) => kind)).toContain('continues');
    expect([first.tokens[0]?.kind, first.tokens.at(-1)?.kind]).toEqual(['special', 'special']);
    expect(first.kept).toBe(4);
    expect(first.count).toBe(first.tokens.length);
  });

  it.each(['wordpiece', 'bytelevel', 'unigram'])('of %s are shown as the text has them', async (name) => {
    const text = 'naïve cats, the unbelievable';
    const { texts } = await tokensOf(named(name), { texts: [text, ''], pair: false });
    const { tokens } = texts[0] as Tokens;
    for (const { shown, kind } of tokens) if (kind === 'begins' && shown !== '␣') expect(text).toContain(shown.trim());
    expect(tokens.map(({ shown }) => shown)).toContain('the');
    for (const { shown, token, kind } of tokens) if (kind === 'unknown') expect(shown).toBe(token);
    expect(texts).toHaveLength(2);
  });

  it('of a pair stand together, with what parts them', async () => {
    const alone = await tokensOf(named('wordpiece'), { texts: ['one', 'two'], pair: false });
    const pair = await tokensOf(named('wordpiece'), { texts: ['one', 'two'], pair: true });
    expect(alone.texts).toHaveLength(2);
    expect(pair.texts).toHaveLength(1);
    expect(pair.texts[0]?.tokens.filter(({ kind }) => kind === 'special')).toHaveLength(3); // [CLS] one [SEP] two [SEP]
  });

  it('of all texts are counted to tell which a model would cut', async () => {
    const room = new TextRoom();
    const data = await dataOf(table(`${'one '.repeat(60)}\tham\n`));
    const [cut, ...more] = await room.lengths(data, { model: named('wordpiece'), maxLength: 50 }, never);
    expect(more).toEqual([]);
    expect(cut).toMatchObject({ code: 'cut', count: 1, files: ['mails.tsv:302'] });
    expect(await room.lengths(data, { model: named('wordpiece'), maxLength: 5000 }, never)).toEqual([]);
    await expect(room.lengths(data, { model: '/nowhere' }, never)).rejects.toMatchObject({ failure: { code: 'model.missing' } });
  });

  it('of a source have the prefix before them, those of a target have not', async () => {
    const room = new TextRoom();
    const few = Array.from({ length: 30 }, (_, i) => `a long source number ${i}\tshort ${i}`).join('\n');
    const data = await dataOf(`source\ttarget\n${few}\n`);
    const reader = { model: named('wordpiece'), prefix: 'translate this: ' };
    const { rows } = await room.rows(data, { ...page({}, 0, 1), ...reader }, never);
    const [source = '', target = ''] = rows[0]?.fields ?? [];
    const asked = { texts: [source, target], pair: false };
    const plain = await tokensOf(reader.model, { ...asked, texts: [`translate this: ${source}`, target] });
    expect(await tokensOf(reader.model, { ...asked, prefix: reader.prefix })).toEqual(plain);
    expect(await tokensOf(reader.model, asked)).not.toEqual(plain);
    const count = plain.texts[0]?.count as number;
    expect(rows[0]?.tokens).toBe(count);
    expect(await room.lengths(data, { ...reader, maxLength: count - 1 }, never)).toMatchObject([{ code: 'cut' }]);
    expect(await room.lengths(data, { model: reader.model, maxLength: count - 1 }, never)).toEqual([]);
  });

  it('of a conversation are those that a run learns from: the marks of its template too, answers marked, cut at the end', async () => {
    const marks = ['<|user|>', '<|assistant|>'];
    const chatTemplate =
      '{% for m in messages %}<|{{ m.role }}|> {{ m.content }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}';
    const model = await tinyModel(path.join(newFolder(), 'llama'), 'llama', { marks, chatTemplate });
    const messages: Turn[] = [
      { role: 'user', content: 'is the cat near' },
      { role: 'assistant', content: 'the cat is far' },
    ];
    const texts = messages.flatMap(({ role, content }) => [role, content]);
    const tokenizer = await TextTokenizer.open(model);
    for (const maxLength of [8, 30]) {
      const learnt = encoderFor('chat', { tokenizer, maxLength })({ task: 'chat', messages });
      const { texts: found, limit } = await tokensOf(model, { texts, pair: false, chat: true, maxLength });
      const [{ tokens, count, kept }] = found as [Tokens];
      expect(found).toHaveLength(1);
      expect(limit).toBe(maxLength);
      expect(tokens.slice(0, kept).map(({ id }) => id)).toEqual(Array.from(learnt.ids));
      expect(tokens.slice(0, kept).map(({ learned }) => Number(learned))).toEqual(Array.from(learnt.learned ?? []));
      expect(count > kept).toBe(learnt.isCut);
      expect(tokens.filter(({ kind }) => kind === 'special').map(({ token }) => token)).toEqual([marks[0], '[SEP]', marks[1], '[SEP]']);
      expect(tokens.map(({ shown }) => shown)).toEqual(expect.arrayContaining(['far', '<|assistant|>']));
    }
    const data = await dataOf(Array.from({ length: 20 }, () => JSON.stringify({ messages })).join('\n'), 'chats.jsonl');
    const { rows } = await new TextRoom().rows(data, { ...page({}, 0, 1), model }, never);
    expect(rows[0]?.tokens).toBe(12);
  });

  it('of a conversation that its template refuses are not counted, and its row is shown all the same', async () => {
    const chatTemplate =
      "{% if messages|length > 2 %}{{ raise_exception('Too long') }}{% endif %}{% for m in messages %}{{ m.content }} {% endfor %}";
    const model = await tinyModel(path.join(newFolder(), 'llama'), 'llama', { chatTemplate });
    const turn = (role: Turn['role'], i: number) => ({ role, content: `the cat ${i}` });
    const chat = (i: number) => [turn('user', i), turn('assistant', i), ...(i % 2 ? [turn('user', i), turn('assistant', i)] : [])];
    const data = await dataOf(Array.from({ length: 20 }, (_, i) => JSON.stringify({ messages: chat(i) })).join('\n'), 'chats.jsonl');
    const { rows } = await new TextRoom().rows(data, { ...page({}, 0, 2), model }, never);
    expect(rows.map(({ tokens }) => tokens)).toEqual([expect.any(Number), null]);
    await expect(tokensOf(model, { texts: rows[1]?.fields ?? [], pair: false, chat: true })).rejects.toMatchObject({
      failure: { code: 'data.unsupported' },
    });
  });

  it('are there for an estimate with the texts that are open; without either, there is neither', async () => {
    const room = new TextRoom();
    const data = await dataOf();
    await inspected(room, data);
    await rm(data.path); // so that it could not be opened again
    const [count, length] = await room.withTexts(data, named('wordpiece'), async (texts) => {
      const { content } = (await texts?.dataset.readAll().next())?.value ?? {};
      return [texts?.dataset.count, content && texts?.tokenizer.encode(content.text).ids.length];
    });
    expect(count).toBe(300);
    expect(length).toBeGreaterThan(3);
    expect(await room.withTexts(data, '/nowhere', async (texts) => texts)).toBeUndefined();
    expect(await room.withTexts({ ...data, path: '/nowhere' }, named('wordpiece'), async (texts) => texts)).toBeUndefined();
    expect((await room.rows(data, page(), never)).total).toBe(300); // it is still open
  });

  it('are counted beside the rows', async () => {
    const { rows } = await new TextRoom().rows(await dataOf(), { ...page({}, 0, 3), model: named('wordpiece') }, never);
    const { texts } = await tokensOf(named('wordpiece'), { texts: rows.map(({ fields }) => fields[0] as string), pair: false });
    expect(rows.map(({ tokens }) => tokens)).toEqual(texts.map(({ count }) => count));
  });
});

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/core/engine';
import { type Generator, openGenerator, type WriteOptions } from '../../../src/core/generation';
import { Writer } from '../../../src/core/generation/writer';
import { loadTextModel } from '../../../src/core/weights';
import { ThawError } from '../../../src/protocol/failure';
import { failureOf } from '../../failures';
import { engine } from '../engine/helpers';
import { caseFolder } from '../models/family';
import { tokenizerFolder, writingFolder } from './folder';
import { all, generatorOf } from './models';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-generator-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const model = path.join(folder, 'gpt2-small');
const open = async (id: string) => openGenerator((await engine()) as Engine, id, { modelsFolder: folder });

let generator: Generator;
beforeAll(async () => {
  await writingFolder(model);
  generator = await open(model);
});
afterAll(() => generator.dispose());

const write = async (prompt: string, options: WriteOptions = {}) =>
  (await all(generator.write(generator.promptOf(prompt).ids, { maxNewTokens: 40, ...options }))).result;

describe('a generator', () => {
  it('writes the same text from the same seed, and another from another', async () => {
    const drawn = { temperature: 1, topP: 0.95 };
    const [a, b, c] = [
      await write('The cat', { ...drawn, seed: 1 }),
      await write('The cat', { ...drawn, seed: 1 }),
      await write('The cat', { ...drawn, seed: 2 }),
    ];
    expect(b.ids).toEqual(a.ids);
    expect(b.text).toBe(a.text);
    expect(c.ids).not.toEqual(a.ids);
  });

  it('forgets the text before', async () => {
    const first = await write('The cat');
    await write('Some other text that is a good deal longer than the first one, and then some more of it');
    expect(await write('The cat')).toMatchObject({ ids: first.ids, text: first.text });
  });

  it('ends before a stop text', async () => {
    const { text } = await write('The cat');
    const stop = text.slice(4, 9);
    const cut = await write('The cat', { stop: [stop] });
    expect(cut).toMatchObject({ finish: 'stop', text: text.slice(0, text.indexOf(stop)) });
    expect(cut.tokens).toBeLessThanOrEqual(40);
  });

  it('ends where its positions end', async () => {
    const { ids } = generator.promptOf('a '.repeat(90));
    const { result } = await all(generator.write(ids, { maxNewTokens: 1000 }));
    expect(result).toMatchObject({ finish: 'length', tokens: 200 - ids.length });
  });

  it('ends with the token that says so', async () => {
    const tokens = (await write('The cat')).ids;
    const end = tokens[7] as number;
    cpSync(model, path.join(folder, 'ending'), { recursive: true });
    writeFileSync(path.join(folder, 'ending/generation_config.json'), JSON.stringify({ eos_token_id: [end] }));
    const ending = await open(path.join(folder, 'ending'));
    const { result } = await all(ending.write(ending.promptOf('The cat').ids));
    expect(result.finish).toBe('eos');
    expect(result.ids).toEqual(tokens.slice(0, tokens.indexOf(end) + 1));
    await ending.dispose();
  });

  it('is cancelled between two tokens', async () => {
    const stop = new AbortController();
    const writing = generator.write(generator.promptOf('The cat').ids, { maxNewTokens: 150, signal: stop.signal });
    await writing.next();
    stop.abort(new ThawError('interrupted', 'Stopped.', ''));
    const rest = async () => {
      while (!(await writing.next()).done);
    };
    await expect(rest()).rejects.toMatchObject({ failure: { code: 'interrupted' } });
    expect((await write('The cat')).tokens).toBe(40);
  });

  it('before every source, and not before what is to be continued, read what the run put there', async () => {
    const prefix = 'translate: ';
    const translating = await generatorOf('t5', folder, [], prefix);
    expect(translating.promptOf('The cat').text).toBe('translate: The cat');
    expect(translating.promptOf('translate: The cat')).toEqual(translating.promptOf('The cat'));
    expect(translating.promptOf('The cat').ids).toEqual((await generatorOf('t5', folder)).promptOf('translate: The cat').ids);
    expect((await generatorOf('gpt2', folder, [], prefix)).promptOf('The cat').text).toBe('The cat');
  });

  it('answers in the way of a chat', () => {
    const { text, ids } = generator.promptOf([{ role: 'user', content: 'Who are you?' }]);
    expect(text).toContain('Who are you?');
    expect(generator.tokenizer.decode([...ids], { keepSpecial: true })).toBe(text);
  });
});

describe('a prompt in pieces', () => {
  it.each([20, 64, 65, 150, 159])('of %i tokens is the prompt token by token', async (count) => {
    const loaded = await loadTextModel(model, { head: 'causal-lm', seed: 0 });
    const writer = await Writer.compile(await engine(), loaded, { texts: 1, length: 160, read: 0 });
    const ids = Array.from({ length: count }, (_, i) => (i * 31) % loaded.model.classes);
    let logits: Float32Array = await writer.begin(ids.slice(0, 1));
    for (const id of ids.slice(1)) logits = await writer.next([id]);
    const whole = await writer.begin(ids);
    const off = Math.max(...whole.map((v, i) => Math.abs(v - (logits[i] as number))));
    expect(off).toBeLessThan(1e-3 * Math.max(...logits.map(Math.abs)));
    await writer.dispose();
  });
});

describe('is refused with a reason', () => {
  it.each([
    ['an empty prompt', () => write(''), 'usage'],
    ['a prompt beyond the positions', () => write('a '.repeat(300)), 'usage'],
    ['no tokens', () => write('a', { maxNewTokens: 0 }), 'usage'],
    ['a temperature below zero', () => write('a', { temperature: -1 }), 'usage'],
    ['a share above one', () => write('a', { topP: 1.5 }), 'usage'],
    ['a classifier', () => withTokenizer('gpt2_classifier'), 'model.unsupported'],
    ['a model that fills gaps', () => withTokenizer('bert_masked'), 'model.unsupported'],
    ['a model of pictures', () => open(caseFolder('vit_transformers', folder)), 'model.unsupported'],
    ["another model's tokenizer", () => withTokenizer('gpt2'), 'model.unsupported'],
    ['no tokenizer', () => open(caseFolder('llama', folder)), 'model.missing'],
    ['a model that is not there', () => open(path.join(folder, 'nowhere')), 'model.missing'],
    [
      'a conversation with a model that translates',
      async () => (await generatorOf('t5', folder)).promptOf([{ role: 'user', content: 'Hello' }]),
      'model.unsupported',
    ],
  ] as [string, () => Promise<unknown>, string][])('%s', async (_, attempt, code) => {
    expect((await failureOf(attempt())).code).toBe(code);
  });

  async function withTokenizer(name: string): Promise<Generator> {
    const at = caseFolder(name, folder);
    cpSync(tokenizerFolder, at, { recursive: true });
    return open(at);
  }
});

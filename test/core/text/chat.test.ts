import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatTemplate, readTokenizerFiles, shiftedRight, TextTokenizer, type Turn, withPrefix } from '../../../src/core/text';
import type { ThawError } from '../../../src/protocol/failure';

const source = path.join(__dirname, '../../fixtures/text/bytelevel');

/** ChatML, with a system message of its own where none is given: what comes before an answer depends on all turns. */
const chatml = `{% if messages[0].role != 'system' %}<|im_start|>system
You help.<|im_end|>
{% endif %}{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;
/** Llama 2's form, which takes turns in order alone. */
const inst = `{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% else %}{{ ' ' + message['content'] + ' ' + eos_token }}{% endif %}{% endfor %}`;

async function templateOf(chat_template?: string): Promise<{ tokenizer: TextTokenizer; chat: ChatTemplate }> {
  const files = await readTokenizerFiles(source);
  const tokenizer = new TextTokenizer({ ...files, config: { ...files.config, chat_template } }, source);
  return { tokenizer, chat: new ChatTemplate(tokenizer) };
}

const question: Turn = { role: 'user', content: 'What is ice?' };
const answer: Turn = { role: 'assistant', content: 'Frozen water.' };

describe('a conversation', () => {
  it.each([
    ['ChatML', chatml, 'Frozen water.<|im_end|>\n'],
    ['Llama’s form', inst, ' Frozen water. <|endoftext|>'],
    ['none of its own', undefined, 'Frozen water.<|endoftext|>\n\n'],
  ])('is learned in its answers alone: %s', async (_name, template, learnt) => {
    const { tokenizer, chat } = await templateOf(template);
    expect(chat.own).toBe(template !== undefined);
    const turns = [question, answer, question, answer];
    const { ids, learned } = chat.encode(turns);
    expect(tokenizer.decode(ids, { keepSpecial: true })).toBe(chat.render(turns));
    const kept = tokenizer.decode(
      ids.filter((_, i) => learned[i] === 1),
      { keepSpecial: true },
    );
    expect(kept).toBe(learnt + learnt);
    expect(chat.encode(turns, 10)).toEqual({ ids: ids.slice(0, 10), learned: learned.slice(0, 10) });
  });

  it('of any texts, marks what the model has to write and nothing else', async () => {
    const { tokenizer, chat } = await templateOf(chatml);
    const words = fc
      .array(fc.constantFrom('ice', 'melts', '氷', '🌍', 'a\nb', '</script>', "it's"), { maxLength: 5 })
      .map((list) => list.join(' '));
    fc.assert(
      fc.property(fc.array(fc.tuple(words, words), { minLength: 1, maxLength: 4 }), (said) => {
        const turns = said.flatMap(([q, a]): Turn[] => [
          { role: 'user', content: q },
          { role: 'assistant', content: a },
        ]);
        const { ids, learned } = chat.encode(turns);
        const kept = tokenizer.decode(
          ids.filter((_, i) => learned[i] === 1),
          { keepSpecial: true },
        );
        expect(kept).toBe(said.map(([, a]) => `${a}<|im_end|>\n`).join(''));
      }),
      { numRuns: 50 },
    );
  });

  it('ends with what precedes an answer when one is wanted', async () => {
    const { chat } = await templateOf(chatml);
    expect(chat.render([question], { toAnswer: true })).toMatch(/<\|im_start\|>assistant\n$/);
  });

  it('that the template refuses is refused in words', async () => {
    const { chat } = await templateOf(inst);
    const error = (() => {
      try {
        chat.encode([question, question]);
        return null;
      } catch (thrown) {
        return thrown as ThawError;
      }
    })();
    expect(error?.failure).toMatchObject({ code: 'data.unsupported', message: expect.stringContaining('Roles must alternate') });
  });

  it('needs a template that can be read', async () => {
    await expect(templateOf('{% for x in %}')).rejects.toThrow(/chat template/);
  });
});

it('a prefix stands before a source once', () => {
  expect(withPrefix('summarize: ', 'the river')).toBe('summarize: the river');
  expect(withPrefix('summarize: ', 'summarize: the river')).toBe('summarize: the river');
});

it('a decoder sees its target moved right by one', () => {
  expect(shiftedRight([5, 6, 1], 0)).toEqual([0, 5, 6]);
});

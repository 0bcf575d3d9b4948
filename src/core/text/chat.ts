import { Template } from '@huggingface/jinja';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { Turn } from '../../protocol/generation';
import type { TextTokenizer } from './tokenizer';

export type { Turn };

/** A part of a conversation as it is written; `learned`: an answer and what ends it. */
export interface ChatPart {
  readonly text: string;
  readonly learned: boolean;
}

/** A conversation as tokens; `learned` is 1 where the loss counts: on the answers and what ends them. */
export interface EncodedChat {
  readonly ids: number[];
  readonly learned: number[];
}

/** For models that bring no template: plain headings, as Alpaca has them. */
export const plainTemplate = `{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}

{% elif message.role == 'assistant' %}### Response:
{{ message.content }}{{ eos_token }}

{% else %}### Instruction:
{{ message.content }}

{% endif %}{% endfor %}{% if add_generation_prompt %}### Response:
{% endif %}`;

const templates = new WeakMap<TextTokenizer, ChatTemplate>();

/** A model's way of writing conversations (Jinja, as in its tokenizer_config.json). */
export class ChatTemplate {
  private readonly template: Template;
  /** Whether the model brought it. */
  readonly own: boolean;

  /** The template of a tokenizer, read once. @throws ThawError as `constructor` */
  static of(tokenizer: TextTokenizer): ChatTemplate {
    const known = templates.get(tokenizer) ?? new ChatTemplate(tokenizer);
    templates.set(tokenizer, known);
    return known;
  }

  /** @throws ThawError `model.unsupported` for a template that cannot be read */
  constructor(private readonly tokenizer: TextTokenizer) {
    const { chat_template: given } = tokenizer.config;
    const source = typeof given === 'string' ? given : given?.find(({ name }) => name === 'default')?.template;
    this.own = source !== undefined;
    try {
      this.template = new Template(source ?? plainTemplate);
    } catch (error) {
      throw this.unusable(error);
    }
  }

  /**
   * A conversation as text.
   * @param options.toAnswer whether it ends with what precedes an answer, for the model to go on
   * @throws ThawError `data.unsupported` where the template refuses it (two questions in a row, say)
   */
  render(turns: readonly Turn[], options: { toAnswer?: boolean } = {}): string {
    const { config } = this.tokenizer;
    const names = {
      bos_token: config.bos_token ?? '',
      eos_token: config.eos_token ?? '',
      pad_token: config.pad_token ?? '',
      unk_token: config.unk_token ?? '',
    };
    try {
      return this.template.render({
        ...names,
        messages: turns.map((turn) => ({ ...turn })),
        add_generation_prompt: options.toAnswer ?? false,
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ThawError(
        'data.unsupported',
        l10n.t('The chat template of {0} does not take this conversation: {1}', this.tokenizer.path, reason),
        l10n.t('Many models want questions and answers in turn, beginning with a question, and some no system message.'),
        { path: this.tokenizer.path, cause: error },
      );
    }
  }

  /**
   * A conversation as text, in parts that become tokens each by itself, so that no token is half of an answer. What an answer
   * is, is found by rendering the conversation up to it twice: with what precedes an answer, and with the answer itself.
   * @throws ThawError as `render`
   */
  parts(turns: readonly Turn[]): ChatPart[] {
    const whole = this.render(turns);
    const answers: [start: number, end: number][] = [];
    for (const [i, { role }] of turns.entries()) {
      if (role !== 'assistant') continue;
      const prompt = this.render(turns.slice(0, i), { toAnswer: true });
      const upTo = i === turns.length - 1 ? whole : this.render(turns.slice(0, i + 1));
      // A template may write earlier turns otherwise once there are later ones; then what they share is what was asked.
      const start = shared(whole, prompt);
      answers.push([start, Math.max(start, shared(whole, upTo))]);
    }
    const parts: ChatPart[] = [];
    let at = 0;
    const add = (end: number, learned: boolean) => {
      if (end <= at) return;
      parts.push({ text: whole.slice(at, end), learned });
      at = end;
    };
    for (const [start, end] of answers) {
      add(start, false);
      add(end, true);
    }
    add(whole.length, false);
    return parts;
  }

  /** A conversation as tokens, cut to `maxLength` at the end. @throws ThawError as `render` */
  encode(turns: readonly Turn[], maxLength?: number): EncodedChat {
    const ids: number[] = [];
    const learned: number[] = [];
    for (const part of this.parts(turns))
      for (const id of this.tokenizer.ids(part.text)) {
        ids.push(id);
        learned.push(part.learned ? 1 : 0);
      }
    return { ids: ids.slice(0, maxLength), learned: learned.slice(0, maxLength) };
  }

  private unusable(error: unknown): ThawError {
    const reason = error instanceof Error ? error.message : String(error);
    return new ThawError(
      'model.unsupported',
      l10n.t('The chat template of {0} cannot be read: {1}', this.tokenizer.path, reason),
      l10n.t('Choose another model, or take the template out of its tokenizer_config.json.'),
      { path: this.tokenizer.path, cause: error },
    );
  }
}

/** Characters that two texts have in common at their beginnings. */
function shared(a: string, b: string): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}

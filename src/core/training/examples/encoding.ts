import type { LongTexts } from '../../../protocol/runConfig';
import type { TextExample } from '../../data/text';
import { ChatTemplate, type Encoded, type TextTokenizer, withPrefix } from '../../text';
import type { Sequence } from './sequences';

export interface EncodingOptions {
  readonly tokenizer: TextTokenizer;
  /** Tokens at most, special ones included. */
  readonly maxLength: number;
  /** Of classes of texts, what becomes of what is beyond; of other tasks it is cut off. */
  readonly longTexts: LongTexts;
  /** Written before every source of text-to-text, as T5 was taught. */
  readonly prefix?: string;
}

export interface EncodedExample extends Sequence {
  /** Whether some of it did not fit. */
  readonly isCut: boolean;
}

/** Tasks whose examples are sequences by themselves; plain text for a language model is cut into blocks (blocks.ts). */
export type SequenceExample = Exclude<TextExample, { task: 'causal-lm' }>;

/**
 * How examples of a task become tokens: one sequence each, or the windows of a long text in their order.
 * @throws ThawError `model.unsupported` for a chat template that cannot be read
 */
export function encoderFor(task: SequenceExample['task'], options: EncodingOptions): (example: SequenceExample) => EncodedExample[] {
  const { tokenizer, maxLength, prefix = '' } = options;
  const template = task === 'chat' ? new ChatTemplate(tokenizer) : null;
  return (example) => {
    switch (example.task) {
      case 'text-classification':
        return textsAs(options, example.text).map(encoded);
      case 'text-pair-classification':
        return textsAs(options, example.text, example.secondText).map(encoded);
      case 'chat': {
        const { ids, learned } = (template as ChatTemplate).encode(example.messages);
        return [{ ids: ids.slice(0, maxLength), learned: learned.slice(0, maxLength), isCut: ids.length > maxLength }];
      }
      case 'text-to-text': {
        const source = tokenizer.encode(withPrefix(prefix, example.source), { maxLength });
        const target = tokenizer.encode(example.target, { maxLength });
        return [{ ids: source.ids, target: target.ids, isCut: source.cut > 0 || target.cut > 0 }];
      }
    }
  };
}

/** A text, or a pair of them, as a classifier takes it: cut, or as windows. */
export function textsAs({ tokenizer, maxLength, longTexts }: Omit<EncodingOptions, 'prefix'>, text: string, pair?: string): Encoded[] {
  return longTexts === 'windows' ? tokenizer.windows(text, { pair, maxLength }) : [tokenizer.encode(text, { pair, maxLength })];
}

function encoded({ ids, types, cut }: Encoded): EncodedExample {
  return { ids, types, isCut: cut > 0 };
}

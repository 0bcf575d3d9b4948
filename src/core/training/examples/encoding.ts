import type { TextExample } from '../../data/text';
import { ChatTemplate, type TextTokenizer, withPrefix } from '../../text';
import type { Sequence } from './sequences';

export interface EncodingOptions {
  readonly tokenizer: TextTokenizer;
  /** Tokens at most, special ones included: what is beyond is cut off. */
  readonly maxLength: number;
  /** Written before every source of text-to-text, as T5 was taught. */
  readonly prefix?: string;
}

export interface EncodedExample extends Sequence {
  /** Whether some of it did not fit. */
  readonly isCut: boolean;
}

/** Tasks whose examples are one sequence each; plain text for a language model is cut into blocks (blocks.ts). */
export type SequenceExample = Exclude<TextExample, { task: 'causal-lm' }>;

/**
 * How examples of a task become tokens.
 * @throws ThawError `model.unsupported` for a chat template that cannot be read
 */
export function encoderFor(task: SequenceExample['task'], options: EncodingOptions): (example: SequenceExample) => EncodedExample {
  const { tokenizer, maxLength, prefix = '' } = options;
  const template = task === 'chat' ? ChatTemplate.of(tokenizer) : null;
  return (example) => {
    switch (example.task) {
      case 'text-classification': {
        const { ids, types, cut } = tokenizer.encode(example.text, { maxLength });
        return { ids, types, isCut: cut > 0 };
      }
      case 'text-pair-classification': {
        const { ids, types, cut } = tokenizer.encode(example.text, { pair: example.secondText, maxLength });
        return { ids, types, isCut: cut > 0 };
      }
      case 'chat': {
        const { ids, learned } = (template as ChatTemplate).encode(example.messages);
        return { ids: ids.slice(0, maxLength), learned: learned.slice(0, maxLength), isCut: ids.length > maxLength };
      }
      case 'text-to-text': {
        const source = tokenizer.encode(withPrefix(prefix, example.source), { maxLength });
        const target = tokenizer.encode(example.target, { maxLength });
        return { ids: source.ids, target: target.ids, isCut: source.cut > 0 || target.cut > 0 };
      }
    }
  };
}

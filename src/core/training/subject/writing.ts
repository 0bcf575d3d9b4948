import type { TextTask } from '../../../protocol/data';
import type { TextDataset } from '../../data/text';
import type { NamedTensors } from '../../engine/engine';
import { endsOf, Generator } from '../../generation';
import type { TextModel } from '../../models/text';
import { ChatTemplate, type TextTokenizer, withPrefix } from '../../text';
import type { Sequences } from '../examples/sequences';
import type { Prompt, Writing } from '../writing';

interface WritingSpec {
  readonly dataset: TextDataset;
  readonly sequences: Sequences;
  readonly tokenizer: TextTokenizer;
  /** The plain model, and how its tensors come from those of the run. */
  readonly model: TextModel;
  readonly plain: (tensors: NamedTensors) => NamedTensors;
  readonly maxLength: number;
  readonly prefix?: string;
}

/** Tokens of plain text that a sample goes on from. */
const givenTokens = 16;

/** How a language model of a run writes; undefined for classifiers. */
export function writingOf(task: TextTask, spec: WritingSpec): Writing | undefined {
  const { sequences, tokenizer, model, plain, maxLength } = spec;
  const prompted = promptFor(task, spec);
  if (!prompted) return undefined;
  return {
    longest: maxLength,
    isMeasured: task === 'text-to-text',
    async prompts(split, most) {
      const found: Prompt[] = [];
      for (const example of spread(sequences.members(split), most)) {
        const prompt = await prompted(example);
        if (prompt) found.push(prompt);
      }
      return found;
    },
    generator: (engine, tensors) =>
      new Generator(engine, { model, tensors: plain(tensors) }, tokenizer, { ends: new Set(endsOf(model, tokenizer)) }),
  };
}

function promptFor(task: TextTask, { dataset, sequences, tokenizer, maxLength, prefix = '' }: WritingSpec) {
  switch (task) {
    case 'text-classification':
    case 'text-pair-classification':
      return null;
    case 'causal-lm':
      return async (block: number): Promise<Prompt | null> => {
        const all = Array.from((await sequences.read(block)).ids);
        const ids = all.slice(0, Math.min(givenTokens, Math.ceil(all.length / 2)));
        return { ids, text: tokenizer.decode(ids), expected: null };
      };
    case 'chat': {
      const template = new ChatTemplate(tokenizer);
      return async (example: number): Promise<Prompt | null> => {
        const content = await dataset.read(example);
        if (content.task !== 'chat') return null;
        const answer = content.messages.findLastIndex(({ role }) => role === 'assistant');
        const asked = content.messages.slice(0, answer);
        const ids = asked.length > 0 ? tokenizer.ids(template.render(asked, { toAnswer: true })) : [];
        if (ids.length === 0 || ids.length >= maxLength) return null;
        return { ids, text: asked.at(-1)?.content ?? '', expected: content.messages[answer]?.content ?? null };
      };
    }
    case 'text-to-text':
      return async (example: number): Promise<Prompt | null> => {
        const content = await dataset.read(example);
        if (content.task !== 'text-to-text') return null;
        const text = withPrefix(prefix, content.source);
        return { ids: tokenizer.encode(text, { maxLength }).ids, text, expected: content.target };
      };
  }
}

/** So many of a list, from all over it. */
function spread(members: ArrayLike<number>, most: number): number[] {
  const count = Math.min(most, members.length);
  return Array.from({ length: count }, (_, i) => members[Math.floor((i * members.length) / count)] as number);
}

import type { LongTexts } from '../../../protocol/runConfig';
import type { TextDataset, TextExample } from '../../data/text';
import { RandomStream } from '../../random';
import { type EncodingOptions, encoderFor } from './encoding';
import { windowsOfText } from './ofWindows';

/** Texts that speak for all, and characters of them: some tenths of a second's work. And of one of them: a book is one text. */
const mostTexts = 2000;
const mostCharacters = 300_000;
const mostOfOne = 20_000;

export interface SampledLengths {
  /** Tokens of each sequence that the texts looked at make. */
  readonly lengths: readonly number[];
  /** Sequences that a text makes: more than one where it is split, less where texts share one. */
  readonly perText: number;
}

export interface SamplingOptions extends EncodingOptions {
  readonly longTexts: LongTexts;
}

/** How long the sequences of a data set are, told from some of its texts; of plain text as if its blocks were all full. */
export async function sampledLengths(dataset: TextDataset, options: SamplingOptions): Promise<SampledLengths> {
  const { maxLength } = options;
  const countOf = counterFor(dataset, options);
  const lengths: number[] = [];
  let [texts, tokens, characters] = [0, 0, 0];
  for (const example of someOf(dataset.count)) {
    const content = await dataset.read(example);
    texts++;
    const found = countOf(content);
    for (const length of found) {
      lengths.push(length);
      tokens += length;
    }
    characters += charactersOf(content);
    if (characters > mostCharacters) break;
  }
  if (dataset.task !== 'causal-lm' || dataset.separator === null) return { lengths, perText: texts === 0 ? 0 : lengths.length / texts };
  const each = texts === 0 ? 0 : tokens / texts;
  const length = Math.min(maxLength, Math.ceil(each * dataset.count));
  return { lengths: [length], perText: each / length };
}

/** In random order, always the same. */
function someOf(count: number): Iterable<number> {
  const random = new RandomStream(0, 'lengths');
  return count <= mostTexts ? random.permutation(count) : Array.from({ length: mostTexts }, () => random.integer(count));
}

/** The lengths of what a text becomes; where texts go on in the next block, that of the text. */
function counterFor({ task, separator }: TextDataset, options: SamplingOptions): (content: TextExample) => number[] {
  const { tokenizer, maxLength, longTexts } = options;
  if (task !== 'causal-lm') {
    if (longTexts === 'windows') return (content) => windowsOfText(tokenizer, content, maxLength).map(({ ids }) => ids.length);
    const encode = encoderFor(task, options);
    return (content) => {
      if (content.task === 'causal-lm') return [];
      const { ids, target } = encode(content);
      return [Math.max(ids.length, target?.length ?? 0)];
    };
  }
  return (content) => {
    if (content.task !== 'causal-lm') return [];
    const beginning = content.text.slice(0, mostOfOne);
    const times = Math.max(1, content.text.length / mostOfOne);
    const count = Math.round(times * tokenizer.ids(`${beginning}${separator ?? ''}`).length);
    if (separator !== null) return [count];
    const rest = count % maxLength;
    return [...new Array<number>(Math.floor(count / maxLength)).fill(maxLength), ...(rest > 1 ? [rest] : [])];
  };
}

/** That were looked at. */
function charactersOf(content: TextExample): number {
  switch (content.task) {
    case 'text-classification':
      return content.text.length;
    case 'causal-lm':
      return Math.min(content.text.length, mostOfOne);
    case 'text-pair-classification':
      return content.text.length + content.secondText.length;
    case 'text-to-text':
      return content.source.length + content.target.length;
    case 'chat':
      return content.messages.reduce((sum, { content: text }) => sum + text.length, 0);
  }
}

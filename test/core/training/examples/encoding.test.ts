import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lengthOf } from '../../../../src/core/data/text';
import { TextTokenizer } from '../../../../src/core/text';
import { encoderFor, type SequenceExample } from '../../../../src/core/training/examples/encoding';

const fixtures = path.join(import.meta.dirname, '../../../fixtures/text');
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const label = fc.constant(0);
const example: fc.Arbitrary<SequenceExample> = fc.oneof(
  fc.record({ task: fc.constant('text-classification' as const), text, label }),
  fc.record({ task: fc.constant('text-pair-classification' as const), text, secondText: text, label }),
  fc.record({ task: fc.constant('text-to-text' as const), source: text, target: text }),
  fc.record({
    task: fc.constant('chat' as const),
    messages: fc.array(fc.record({ role: fc.constantFrom('system' as const, 'user' as const, 'assistant' as const), content: text }), {
      maxLength: 5,
    }),
  }),
);

test.each(['wordpiece', 'bytelevel', 'unigram'])(
  '%s: what is counted of an example is what becomes of it, as far as there is room',
  async (kind) => {
    const tokenizer = await TextTokenizer.open(path.join(fixtures, kind));
    fc.assert(
      fc.property(example, fc.integer({ min: 4, max: 60 }), fc.constantFrom(undefined, 'summarize: '), (content, maxLength, prefix) => {
        const { ids, target } = encoderFor(content.task, { tokenizer, maxLength, prefix })(content);
        const counted = lengthOf(content, tokenizer, prefix);
        expect(Math.max(ids.length, target?.length ?? 0)).toBe(Math.min(counted, maxLength));
      }),
      { numRuns: 150 },
    );
  },
);

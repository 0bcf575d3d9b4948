import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasClasses } from '../../src/protocol/defaults';
import { figureOf } from '../../src/protocol/figure';
import { textTasks } from '../../src/protocol/tasks';

const written = { count: 20, exactMatch: 0.5, rougeL: 0.75, chrF: 0.7 };
const share = fc.double({ min: 0, max: 1, noNaN: true });

it('tells classes by accuracy, tokens by perplexity', () => {
  fc.assert(
    fc.property(fc.constantFrom('image-classification' as const, ...textTasks), share, share, (task, loss, accuracy) => {
      const expected = hasClasses(task) ? { measure: 'accuracy', accuracy } : { measure: 'perplexity', perplexity: Math.exp(loss) };
      expect(figureOf(task, { loss, accuracy })).toEqual(expected);
    }),
  );
});

it('knows a model that turns texts into others by what it wrote, once it has', () => {
  expect(figureOf('text-to-text', { loss: 1, accuracy: 0.4, written })).toEqual({ measure: 'written', exactMatch: 0.5, rougeL: 0.75 });
  expect(figureOf('chat', { loss: 1, accuracy: 0.4, written })).toEqual({ measure: 'perplexity', perplexity: Math.E });
});

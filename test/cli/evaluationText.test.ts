import { expect, it } from 'vitest';
import { evaluationText } from '../../src/cli/evaluationText';
import { figureText } from '../../src/cli/table';

const told = { accuracy: 0.25, loss: 2, perplexity: Math.exp(2), tokens: 12_345 };

it('tells of a language model its perplexity, of one that turns texts into others what it wrote', () => {
  const facts = '(loss 2.0000 a token, 25.0 % of 12,345 tokens told right)';
  expect(evaluationText('test', 'chat', told)).toBe(`Test perplexity: 7.389 ${facts}`);
  const written = { count: 20, exactMatch: 0.5, rougeL: 0.75, chrF: 0.7 };
  expect(evaluationText('validation', 'text-to-text', { ...told, written })).toBe(
    `Validation ROUGE-L: 75.0 % (exact match 50.0 %, chrF 70.0 %, over 20 texts written)\nPerplexity: 7.389 ${facts}`,
  );
});

it('names what a figure measures, unless it is the share of examples told right', () => {
  expect(figureText({ measure: 'accuracy', accuracy: 0.93124 })).toBe('93.1 %');
  expect(figureText({ measure: 'perplexity', perplexity: 7.389 })).toBe('perplexity 7.39');
  expect(figureText({ measure: 'written', exactMatch: 0.5, rougeL: 0.754 })).toBe('ROUGE-L 75.4 %, exact match 50.0 %');
});

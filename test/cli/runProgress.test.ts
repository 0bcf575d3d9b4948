import { afterEach, expect, it, vi } from 'vitest';
import { RunProgress } from '../../src/cli/runProgress';
import { Rows, textProblems } from '../../src/core/data/text';
import type { Problem } from '../../src/protocol/data';
import { runConfigSchema } from '../../src/protocol/runConfig';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What a person reads of what was found in the data. */
function toldOf(problems: Problem[]): string[] {
  const lines: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const config = runConfigSchema.parse({
    data: { path: 'a.csv', task: 'text-classification' },
    phases: [{ epochs: 1, learningRate: 0.001, rules: ['**'] }],
  });
  const splits = { train: { count: 40, classes: [20, 20], origin: 'split' as const } };
  new RunProgress(config).show({ type: 'data', seq: 1, time: 0, classes: [], splits, problems });
  return lines.slice(1);
}

function rowsOf(count: number): Rows {
  const rows = new Rows();
  for (let i = 0; i < count; i++) rows.add(() => `a.csv:${i}`);
  return rows;
}

it('tells how many texts are cut or split and at how many tokens, a line each, and leaves other remarks to inspect', () => {
  const [cut = '', split = '', ...rest] = toldOf([
    textProblems.control(rowsOf(3)),
    textProblems.cut(rowsOf(12), 128, 40, true),
    textProblems.split(rowsOf(7), 64, 40),
  ]);
  expect(cut).toMatch(/^ {2}12 of 40 texts are longer than 128 tokens\. What is beyond is cut off.*\n$/);
  expect(split).toMatch(/^ {2}7 of 40 texts are longer than 64 tokens\. They are split into windows.*\n$/);
  expect(rest).toEqual([]);
  expect(toldOf([])).toEqual([]);
});

it('tells all that is amiss', () => {
  const [line, ...rest] = toldOf([textProblems.empty(rowsOf(2))]);
  expect(line).toContain('2 rows have no text.');
  expect(rest).toEqual([]);
});

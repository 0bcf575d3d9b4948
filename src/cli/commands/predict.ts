import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import * as l10n from '@vscode/l10n';
import { type Asked, loadPredictor, type Predictor } from '../../core/training';
import { modelsFolder } from '../../core/weights';
import { asFailure, exitCode, type Failure, ThawError } from '../../protocol/failure';
import type { Answer } from '../../protocol/report';
import { describeFailure, type Output } from '../output';
import { StatusLine } from '../statusLine';
import { integer, percent, printable, table } from '../table';

type Result = Answer | { input: string; error: Omit<Failure, 'detail'> };

/**
 * Answers for every file that can be read; the others are named with their failure. Texts are the contents of files of plain
 * text, or, where no file is named, the lines of standard input; a tab parts the two texts of a pair.
 * @returns the exit code: of the last failure, 0 without one
 */
export async function predict(run: string, files: string[], output: Output): Promise<number> {
  const predictor = await loadPredictor(path.resolve(run), { modelsFolder: modelsFolder() });
  if (files.length === 0) return predictLines(predictor, output);
  const status = new StatusLine();
  const results: Result[] = [];
  let code = 0;
  try {
    for (const file of files) {
      status.show(`${integer(results.length)}/${integer(files.length)} ${printable(file)}`);
      try {
        results.push(await answer(predictor, file));
      } catch (error) {
        const { detail: _, ...failure } = asFailure(error);
        results.push({ input: file, error: failure });
        code = exitCode(failure.code);
      }
    }
  } finally {
    status.clear();
    await predictor.dispose();
  }
  for (const result of results) if ('error' in result) output.note(describeFailure({ ...result.error, path: result.input }));
  output.result(results, () => answersText(results.filter((result) => 'label' in result)));
  return code;
}

async function predictLines(predictor: Predictor, output: Output): Promise<number> {
  try {
    if (predictor.task === 'image-classification')
      throw new ThawError('usage', l10n.t('No picture is named.'), l10n.t('thaw predict RUN PICTURE…'));
    if (process.stdin.isTTY) output.note(l10n.t('A text a line; end with Ctrl+D.'));
    const answers: Answer[] = [];
    for await (const line of createInterface({ input: process.stdin }))
      if (line.trim() !== '') answers.push(...(await predictor.predict([askedOf(line, line)])));
    output.result(answers, () => answersText(answers));
    return 0;
  } finally {
    await predictor.dispose();
  }
}

function askedOf(name: string, text: string): Asked {
  const [source = '', pair] = text.split('\t');
  return { name, source, ...(pair !== undefined && { pair }) };
}

async function answer(predictor: Predictor, file: string): Promise<Answer> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile())
    throw new ThawError('data.missing', l10n.t('There is no such file: {0}', file), l10n.t('Name files.'), { path: path.resolve(file) });
  const asked = predictor.task === 'image-classification' ? { name: file, source: path.resolve(file) } : askedOf(file, await textOf(file));
  const [answer] = await predictor.predict([asked]);
  if (!answer) throw new Error(`no answer for ${file}`);
  return answer;
}

/** @throws ThawError `data.unsupported` for a table, which is no text */
async function textOf(file: string): Promise<string> {
  if (/\.(csv|tsv|jsonl?|ndjson|parquet)(\.gz)?$/i.test(file))
    throw new ThawError(
      'data.unsupported',
      l10n.t('{0} is a table: it cannot be asked about as one text.', file),
      l10n.t('Measure on a table with "thaw evaluate RUN --data TABLE", or give its texts on standard input, one a line.'),
      { path: path.resolve(file) },
    );
  return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
}

/** The likeliest classes of each input. */
function answersText(answers: Answer[]): string {
  const shown = 3;
  return table('llr', [
    [l10n.t('input'), l10n.t('class'), l10n.t('probability')],
    ...answers.flatMap(({ input, probabilities }) =>
      Object.entries(probabilities)
        .sort(([, a], [, b]) => b - a)
        .slice(0, shown)
        .map(([name, p], i) => [i === 0 ? printable(input) : '', printable(name), percent(p)]),
    ),
  ]);
}

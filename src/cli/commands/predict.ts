import { stat } from 'node:fs/promises';
import path from 'node:path';
import * as l10n from '@vscode/l10n';
import { loadPredictor, type Predictor } from '../../core/training';
import { modelsFolder } from '../../core/weights';
import { asFailure, exitCode, type Failure, ThawError } from '../../protocol/failure';
import type { Answer } from '../../protocol/report';
import { describeFailure, type Output } from '../output';
import { StatusLine } from '../statusLine';
import { integer, percent, printable, table } from '../table';

type Result = Answer | { input: string; error: Omit<Failure, 'detail'> };

/**
 * Answers for every file that can be read; the others are named with their failure.
 * @returns the exit code: of the last failure, 0 without one
 */
export async function predict(run: string, files: string[], output: Output): Promise<number> {
  const predictor = await loadPredictor(path.resolve(run), { modelsFolder: modelsFolder() });
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
    predictor.dispose();
  }
  for (const result of results) if ('error' in result) output.note(describeFailure({ ...result.error, path: result.input }));
  output.result(results, () => answersText(results.filter((result) => 'label' in result)));
  return code;
}

async function answer(predictor: Predictor, file: string): Promise<Answer> {
  const found = await stat(file).catch(() => null);
  if (!found?.isFile())
    throw new ThawError('data.missing', l10n.t('There is no such picture: {0}', file), l10n.t('Name files.'), { path: path.resolve(file) });
  const [answer] = await predictor.predict([{ name: file, source: path.resolve(file) }]);
  if (!answer) throw new Error(`no answer for ${file}`);
  return answer;
}

/** The likeliest classes of each picture. */
function answersText(answers: Answer[]): string {
  const shown = 3;
  return table('llr', [
    [l10n.t('picture'), l10n.t('class'), l10n.t('probability')],
    ...answers.flatMap(({ input, probabilities }) =>
      Object.entries(probabilities)
        .sort(([, a], [, b]) => b - a)
        .slice(0, shown)
        .map(([name, p], i) => [i === 0 ? printable(input) : '', printable(name), percent(p)]),
    ),
  ]);
}

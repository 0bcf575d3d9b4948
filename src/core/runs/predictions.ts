import { type FileHandle, open } from 'node:fs/promises';
import type { Prediction } from '../../protocol/report';

/** Predictions that a window has at hand; of further ones only what went wrong, up to as many again. */
const shown = 20_000;
/** Lines that are written together. */
const writtenTogether = 1000;

/** One a line, as many lines at a time as are few in memory. */
export function* linesOf(predictions: Iterable<Prediction>): Generator<string> {
  let lines: string[] = [];
  for (const prediction of predictions) {
    lines.push(`${JSON.stringify(prediction)}\n`);
    if (lines.length < writtenTogether) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

/**
 * Those of a file that are looked at one by one; none where there is no file. Of very many (texts by the million) not all,
 * for all of them would take the editor's memory: the first, and then mistakes.
 * @param parse of a line
 */
export async function readPredictions(path: string, parse: (line: string) => Prediction): Promise<Prediction[]> {
  const file = await orNone(open(path));
  if (!file) return [];
  const predictions: Prediction[] = [];
  try {
    for await (const line of file.readLines()) {
      if (line === '') continue;
      if (predictions.length >= 2 * shown) break;
      const prediction = parse(line);
      if (predictions.length < shown || prediction.label !== prediction.predicted) predictions.push(prediction);
    }
  } finally {
    await file.close().catch(() => undefined); // reading to the end has closed it
  }
  return predictions;
}

async function orNone(opening: Promise<FileHandle>): Promise<FileHandle | null> {
  try {
    return await opening;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}

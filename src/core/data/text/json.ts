import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { ThawError } from '../../../protocol/failure';
import { decodeText, linesOf, recordLimit, tooLong } from './decodeText';
import type { Row } from './types';

const objectSchema = z.record(z.string(), z.unknown());

function objectFrom(path: string, line: number, text: string): Row {
  try {
    return { line, cells: objectSchema.parse(JSON.parse(text)) };
  } catch (error) {
    throw new ThawError(
      'data.unreadable',
      l10n.t('Line {0} of {1} is not an object in JSON.', line, path),
      l10n.t('Each example is an object of its own, such as {"text": "…", "label": "…"}: one a line, or all in one list.'),
      { path, cause: error },
    );
  }
}

/** The objects of a file that has one a line. */
export async function* jsonLines(path: string): AsyncGenerator<Row[]> {
  for await (const lines of linesOf(path, decodeText(path)))
    yield lines.filter(({ text }) => text.trim() !== '').map(({ line, text }) => objectFrom(path, line, text));
}

/**
 * The objects of a file that is one list of them, or an object that holds such a list (`{"data": […]}`); each is parsed
 * by itself, so that the list need not fit into memory. What else the outer object holds is passed over.
 */
export async function* jsonList(path: string): AsyncGenerator<Row[]> {
  const splitter = new ObjectSplitter(path);
  for await (const chunk of decodeText(path)) {
    const found = splitter.push(chunk);
    if (found.length > 0) yield found.map(({ line, text }) => objectFrom(path, line, text));
  }
  splitter.end();
}

/** Whether a file's text is one list (or an object around one) rather than an object a line. */
export function isJsonList(sample: string): boolean {
  const text = sample.trimStart();
  if (text.startsWith('[')) return true;
  if (!text.startsWith('{')) return false;
  const firstLine = text.split('\n', 1)[0] as string;
  try {
    JSON.parse(firstLine);
    return false;
  } catch {
    return /^\{\s*"(?:[^"\\]|\\.)*"\s*:\s*\[\s*\{/.test(text) || firstLine.trim() === '{';
  }
}

/** Cuts the outermost list's objects out of JSON that comes in pieces, by its brackets and strings alone. */
class ObjectSplitter {
  private depth = 0;
  /** How deep the objects of the list are: 1 in a list, 2 in a list in an object. */
  private base = 0;
  private inString = false;
  private escaped = false;
  private line = 1;
  private began = 0;
  private parts: string[] = [];
  private held = 0;

  constructor(private readonly path: string) {}

  push(chunk: string): { line: number; text: string }[] {
    const found: { line: number; text: string }[] = [];
    let from = this.began > 0 ? 0 : -1;
    for (let i = 0; i < chunk.length; i++) {
      const c = chunk.charCodeAt(i);
      if (c === 10) this.line++;
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (c === 92) this.escaped = true;
        else if (c === 34) this.inString = false;
        continue;
      }
      if (c === 34) this.inString = true;
      else if (c === 91 || c === 123) {
        if (c === 91 && this.base === 0) this.base = this.depth + 1;
        else if (c === 123 && this.depth === this.base && this.base > 0) {
          from = i;
          this.began = this.line;
        }
        this.depth++;
      } else if (c === 93 || c === 125) {
        this.depth--;
        if (from >= 0 && this.depth === this.base) {
          this.parts.push(chunk.slice(from, i + 1));
          found.push({ line: this.began, text: this.parts.join('') });
          this.parts = [];
          this.held = 0;
          this.began = 0;
          from = -1;
        }
      }
    }
    if (from >= 0) {
      this.parts.push(chunk.slice(from));
      this.held += chunk.length - from;
      if (this.held > recordLimit) throw tooLong(this.path, this.began);
    }
    return found;
  }

  end(): void {
    if (this.depth === 0 && !this.inString) return;
    throw new ThawError(
      'data.unreadable',
      l10n.t('{0} ends in the middle: its JSON is not complete.', this.path),
      l10n.t('Fetch or write the file again.'),
      { path: this.path },
    );
  }
}

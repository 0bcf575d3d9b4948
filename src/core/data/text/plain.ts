import { decodeText, linesOf } from './decodeText';
import type { Row } from './types';

/** The one column of plain text. */
export const plainColumn = 'text';
/** Stands between documents in files for language models. */
const documentEnd = '<|endoftext|>';
/** Characters after which a paragraph is cut at a line's end: what is held at once stays small. */
const longParagraph = 1 << 16;

/** How plain text is cut into examples: at blank lines where there are some, else at every line. */
export type PlainUnit = 'paragraph' | 'line';

export function plainUnitOf(sample: string): PlainUnit {
  return /\n[^\S\n]*\n\s*\S/.test(sample.trimStart()) || sample.includes(documentEnd) ? 'paragraph' : 'line';
}

/** The paragraphs or lines of a text; blank ones and marks between documents are none. */
export async function* plainRows(path: string, unit: PlainUnit): AsyncGenerator<Row[]> {
  let paragraph: string[] = [];
  let began = 0;
  let length = 0;
  const rows: Row[] = [];
  const close = () => {
    if (paragraph.length > 0) rows.push({ line: began, cells: { [plainColumn]: paragraph.join('\n') } });
    paragraph = [];
    length = 0;
  };
  for await (const lines of linesOf(path, decodeText(path))) {
    for (const { line, text } of lines) {
      const ends = text.trim() === '' || text.trim() === documentEnd;
      if (!ends) {
        if (paragraph.length === 0) began = line;
        paragraph.push(text);
        length += text.length;
      }
      if (ends || unit === 'line' || length > longParagraph) close();
    }
    if (rows.length > 0) yield rows.splice(0);
  }
  close();
  if (rows.length > 0) yield rows;
}

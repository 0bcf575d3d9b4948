/** Characters that would not be seen, or would turn the order of those around them. */
const unseen = /[\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;
/** All control characters but tabs and line ends. */
const control = /[^\P{Cc}\t\n]/gu;

const numbered = (sign: string) => `⟨U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
/** Unicode has pictures for the control characters of ASCII. */
const pictured = (sign: string) => (sign < ' ' ? String.fromCharCode(0x2400 + sign.charCodeAt(0)) : numbered(sign));

/** A text as a person can read all of it: what is not seen as signs, halves of characters as what stands for them. */
export function shownText(text: string): string {
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(control, pictured)
    .replaceAll(unseen, numbered)
    .replaceAll(/\p{Cs}/gu, '\ufffd');
}

/** Characters of a text that fit on the widest line. */
const lineCharacters = 400;

/** The beginning of a text in one line. */
export const oneLine = (text: string): string => shownText(text.slice(0, lineCharacters)).replaceAll(/\s+/g, ' ').trim();

/** `mails.tsv:12` → the line; a file of its own by its name. */
export function placeOf(where: string): { file: string; line: number | null } {
  const found = /^(.*):(\d+)$/s.exec(where);
  return found ? { file: found[1] as string, line: Number(found[2]) } : { file: where, line: null };
}

/** What stands in the column of rows: the line, or of a text that is a file of its own the file's name. */
export function rowName(where: string): string | number {
  const { file, line } = placeOf(where);
  const isDocument = line === null || (line === 1 && /\.te?xt$/i.test(file));
  return isDocument ? file.slice(file.lastIndexOf('/') + 1) : line;
}

/** Whether an editor can show the lines of a file. */
export const isReadable = (where: string): boolean => !/\.(parquet|gz)$/i.test(placeOf(where).file);

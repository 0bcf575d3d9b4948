/** A token and the part of a text that it stands for. */
export interface Piece {
  readonly token: string;
  readonly id: number;
  /** UTF-16 code units, end exclusive; equal where it stands for nothing. */
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the places of tokens in their text: each is looked for after the one before, among letters folded as tokenizers
 * fold them (case, accents, compatibility forms). What is not found (unknown tokens, halves of characters) stands for what
 * lies between its neighbours. For showing only: what a model sees are the numbers.
 */
export function piecesOf(text: string, tokens: readonly string[], ids: readonly number[]): Piece[] {
  const { folded, starts, ends } = fold(text);
  const spans: ({ start: number; end: number } | null)[] = [];
  let at = 0;
  for (const token of tokens) {
    const surface = fold(surfaceOf(token)).folded;
    const found = surface === '' ? -1 : folded.indexOf(surface, at);
    // A token far away is another one that happens to look the same.
    if (found < 0 || found - at > 64) spans.push(null);
    else {
      at = found + surface.length;
      spans.push({ start: starts[found] as number, end: ends[at - 1] as number });
    }
  }
  let before = 0;
  return tokens.map((token, i) => {
    const span = spans[i];
    const after = spans.slice(i + 1, i + 65).find((other) => other)?.start ?? text.length;
    const { start, end } = span ?? gap(text, before, spans[i + 1] === null ? before : after);
    before = Math.max(before, end);
    return { token, id: ids[i] as number, start, end };
  });
}

/** What lies between two places, without the spaces around it. */
function gap(text: string, from: number, to: number): { start: number; end: number } {
  const between = text.slice(from, to);
  const start = from + between.length - between.trimStart().length;
  return { start, end: Math.max(start, from + between.trimEnd().length) };
}

/** Letters as tokenizers compare them, and for each of them where it stands in the text; spaces are none. */
function fold(text: string): { folded: string; starts: number[]; ends: number[] } {
  const starts: number[] = [];
  const ends: number[] = [];
  const parts: string[] = [];
  for (let i = 0; i < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(i) as number);
    const plain = character
      .normalize('NFKD')
      .toLowerCase()
      .replaceAll(/[\p{M}\s\p{Cc}\p{Cf}]/gu, '');
    const end = i + character.length;
    for (let k = 0; k < plain.length; k++) {
      starts.push(i);
      ends.push(end);
    }
    parts.push(plain);
    i = end;
  }
  return { folded: parts.join(''), starts, ends };
}

/** A token as it would stand in a text. */
function surfaceOf(token: string): string {
  if (token.startsWith('##') && token.length > 2) return token.slice(2);
  if (/^[\u0100-\u0143\u0021-\u00ff]+$/.test(token) && /[\u0100-\u0143\u0080-\u00ff]/.test(token)) return bytesAsText(token);
  return token.replaceAll('▁', ' ');
}

/** Byte-level BPE writes a byte as a letter: those that are printable as they are, the others from U+0100 on. */
const byteOf = new Map<string, number>();
for (let byte = 0, next = 256; byte < 256; byte++) {
  const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  byteOf.set(String.fromCharCode(printable ? byte : next++), byte);
}

function bytesAsText(token: string): string {
  const bytes = Uint8Array.from(token, (letter) => byteOf.get(letter) ?? 0x20);
  return new TextDecoder().decode(bytes).replaceAll('\ufffd', '');
}

/** The kinds of files that matter to us, told by their first bytes: names lie. */
export type FileKind = 'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'tiff' | 'avif' | 'heic' | 'other';

/** Bytes that `kindOf` needs. */
export const kindBytes = 32;

const imageNames = /\.(jpe?g|jpe|jfif|png|gif|webp|bmp|dib|tiff?|avif|hei[cf])$/i;

/** Whether the name promises a picture. */
export function hasImageName(path: string): boolean {
  return imageNames.test(path);
}

const ascii = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));

export function kindOf(head: Uint8Array): FileKind {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return 'jpeg';
  const four = ascii(head, 0, 4);
  if (four === '\x89PNG') return 'png';
  if (four === 'GIF8') return 'gif';
  if (four === 'RIFF' && ascii(head, 8, 12) === 'WEBP') return 'webp';
  if (four === 'II*\0' || four === 'MM\0*' || four === 'II+\0' || four === 'MM\0+') return 'tiff';
  if (ascii(head, 4, 8) === 'ftyp') {
    const brands = ascii(head, 8, head.length);
    if (/avi[fs]/.test(brands)) return 'avif';
    if (/hei[cxs]|hev[cx]|mif1/.test(brands)) return 'heic';
  }
  // "BM" alone is too little to go by: the size of the header that follows must be one that exists.
  if (four.startsWith('BM') && [12, 40, 52, 56, 108, 124].includes((head[14] ?? 0) | ((head[15] ?? 0) << 8))) return 'bmp';
  return 'other';
}

/** Bytes at the end of a file that `looksCutOff` needs. */
export const tailBytes = 4096;

/**
 * Whether a file seems to end too early. Only a hint, and cheap: a file that looks cut off is decoded to be sure, one
 * that does not may still be damaged inside.
 */
export function looksCutOff(kind: FileKind, tail: Buffer): boolean {
  switch (kind) {
    case 'jpeg':
      return !tail.includes('\xff\xd9', 0, 'latin1');
    case 'png':
      return !tail.includes('IEND', 0, 'latin1');
    case 'gif':
      return !tail.includes(';', 0, 'latin1');
    case 'webp':
    case 'tiff':
    case 'avif':
    case 'bmp':
      return false; // these state their lengths, which reading the header checks
    case 'heic':
    case 'other':
      return false;
  }
}

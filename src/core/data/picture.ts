import * as l10n from '@vscode/l10n';
import sharp, { type Sharp } from 'sharp';
import { bmpBytes, decodeBmp, readBmpHeader } from './bmp';
import { type FileKind, kindBytes, kindOf } from './kinds';

sharp.cache(false); // every picture is read once an epoch at most: a cache would only grow
sharp.concurrency(1); // several pictures at once, each in one thread

/**
 * Pictures with more pixels are refused: decoding one may take gigabytes. The largest cameras in phones make just under
 * 200 million.
 */
export const pixelLimit = 200_000_000;

/** Why a file is not a picture that we can use; `message` goes on after a colon. */
export class PictureError extends Error {
  constructor(
    readonly code: 'unreadable' | 'notAnImage' | 'tooLarge',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Pixels as seen: after the turn that EXIF asks for. */
export interface PictureHeader {
  readonly kind: FileKind;
  readonly width: number;
  readonly height: number;
  readonly cmyk: boolean;
}

/** What libvips and the operating system say, in one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] as string).replace(/^Input (buffer|file) (has corrupt header: )?/, '');
}

/**
 * Reads a picture's header and nothing more.
 * @param file its bytes; or its path, first bytes (70 or more where it has them) and size in bytes
 * @throws PictureError
 */
export async function readHeader(file: Uint8Array | { path: string; head: Uint8Array; size: number }): Promise<PictureHeader> {
  const [input, head, fileBytes] = file instanceof Uint8Array ? [file, file, file.length] : [file.path, file.head, file.size];
  if (head.length === 0) throw new PictureError('unreadable', l10n.t('the file is empty'));
  const kind = kindOf(head.subarray(0, kindBytes));
  if (kind === 'other') throw new PictureError('notAnImage', l10n.t('the content is not a picture'));
  if (kind === 'heic') throw new PictureError('unreadable', l10n.t('HEIC cannot be read here: save it as JPEG'));
  let header: PictureHeader;
  try {
    if (kind === 'bmp') {
      const found = readBmpHeader(head);
      if (bmpBytes(found) > fileBytes) throw new Error('file cut off');
      header = { kind, cmyk: false, ...sizeOf(found) };
    } else {
      const found = await sharp(input, { limitInputPixels: false }).metadata();
      header = { kind, cmyk: found.space === 'cmyk', ...sizeOf(found.autoOrient) };
    }
  } catch (error) {
    throw new PictureError('unreadable', reasonOf(error), { cause: error });
  }
  if (header.width * header.height > pixelLimit)
    throw new PictureError('tooLarge', l10n.t('{0} × {1} pixels', header.width, header.height));
  return header;
}

const sizeOf = ({ width, height }: { width: number; height: number }) => ({ width, height });

/**
 * A pipeline that begins with the picture as a person sees it: upright, RGB with 8 bits, on white where it is
 * transparent (what lies under transparent pixels is arbitrary, often black), the first frame or page of several.
 * A colour profile is only used for CMYK: the pictures that models were trained on were read without.
 */
export function pipelineOf(bytes: Uint8Array, header: PictureHeader): Sharp {
  const start = () => {
    if (header.kind !== 'bmp')
      return sharp(bytes, { failOn: 'truncated', limitInputPixels: pixelLimit, autoOrient: true, ignoreIcc: !header.cmyk });
    const { data, width, height } = decodeBmp(bytes);
    return sharp(data, { raw: { width, height, channels: 4 } });
  };
  return start().flatten({ background: '#fff' }).toColourspace('srgb');
}

/**
 * Windows bitmaps, which libvips' prebuilt binaries cannot read and the packages on npm read wrongly (palettes, offsets
 * and rows bottom-up or top-down). Format: Microsoft, "Bitmap Storage" (BITMAPCOREHEADER … BITMAPV5HEADER).
 * 1, 4 and 8 bits with a palette; 16, 24 and 32 bits, with masks where they are given. Run-length coding is refused.
 */
export interface BmpHeader {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: 1 | 4 | 8 | 16 | 24 | 32;
  /** Where the pixels begin. */
  readonly offset: number;
  /** Where the palette begins, bytes for a colour in it, and colours in it. */
  readonly palette: { readonly start: number; readonly stride: 3 | 4; readonly count: number };
  /** Red, green, blue, alpha; 0 for a channel that is not there. */
  readonly masks: readonly [number, number, number, number];
}

const bitDepths = [1, 4, 8, 16, 24, 32] as const;

/** @param bytes at least the first 70 bytes of the file. @throws Error with the reason. */
export function readBmpHeader(bytes: Uint8Array): BmpHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 26) throw new Error('header cut off');
  const headerSize = view.getUint32(14, true);
  const core = headerSize === 12;
  if (!core && bytes.length < 54) throw new Error('header cut off');
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const depth = view.getUint16(core ? 24 : 28, true);
  const bits = bitDepths.find((known) => known === depth);
  const compression = core ? 0 : view.getUint32(30, true);
  if (width <= 0 || signedHeight === 0) throw new Error('no pixels');
  if (bits === undefined) throw new Error(`${depth} bits a pixel`);
  const masked = compression === 3 || compression === 6;
  if (compression !== 0 && !(masked && (bits === 16 || bits === 32))) throw new Error('compressed bitmap');
  if (masked && bytes.length < 66) throw new Error('header cut off');

  const alphaMask = compression === 6 || headerSize >= 56;
  const masks: BmpHeader['masks'] = masked
    ? [
        view.getUint32(54, true),
        view.getUint32(58, true),
        view.getUint32(62, true),
        alphaMask && bytes.length >= 70 ? view.getUint32(66, true) : 0,
      ]
    : bits === 16
      ? [0x7c00, 0x03e0, 0x001f, 0]
      : [0xff0000, 0xff00, 0xff, 0];
  const stated = core ? 0 : view.getUint32(46, true);
  const count = bits <= 8 ? Math.min(stated || 2 ** bits, 2 ** bits) : 0;
  return {
    width,
    height: Math.abs(signedHeight),
    topDown: signedHeight < 0,
    bits,
    offset: view.getUint32(10, true),
    palette: { start: 14 + headerSize, stride: core ? 3 : 4, count },
    masks,
  };
}

/** Bytes that a file with this header has at least. */
export function bmpBytes({ width, height, bits, offset }: BmpHeader): number {
  return offset + strideOf(width, bits) * (height - 1) + Math.ceil((width * bits) / 8);
}

/** Bytes of a row: padded to a multiple of 4. */
const strideOf = (width: number, bits: number) => Math.ceil((width * bits) / 32) * 4;

/** A reader of one channel: picks the mask's bits out of a pixel and stretches them to 0…255. */
function channel(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 255;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return (pixel) => Math.round((((pixel & mask) >>> shift) * 255) / most);
}

/** @returns RGBA, 8 bits, rows from the top. @throws Error with the reason; a file too short for its size is refused. */
export function decodeBmp(bytes: Uint8Array): { width: number; height: number; data: Uint8Array } {
  const header = readBmpHeader(bytes);
  const { width, height, topDown, bits, offset, palette, masks } = header;
  const stride = strideOf(width, bits);
  if (bmpBytes(header) > bytes.length) throw new Error('file cut off');
  if (palette.start + palette.count * palette.stride > bytes.length) throw new Error('palette cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Uint8Array(width * height * 4).fill(255);
  const [red, green, blue, alpha] = masks.map(channel) as [typeof Number, typeof Number, typeof Number, typeof Number];

  for (let y = 0; y < height; y++) {
    const row = offset + stride * (topDown ? y : height - 1 - y);
    for (let x = 0, out = y * width * 4; x < width; x++, out += 4) {
      if (bits <= 8) {
        const perByte = 8 / bits;
        const byte = bytes[row + Math.floor(x / perByte)] as number;
        const index = (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1);
        if (index >= palette.count) throw new Error('colour outside the palette');
        const colour = palette.start + index * palette.stride;
        data[out] = bytes[colour + 2] as number;
        data[out + 1] = bytes[colour + 1] as number;
        data[out + 2] = bytes[colour] as number;
      } else if (bits === 24) {
        data[out] = bytes[row + x * 3 + 2] as number;
        data[out + 1] = bytes[row + x * 3 + 1] as number;
        data[out + 2] = bytes[row + x * 3] as number;
      } else {
        const pixel = bits === 16 ? view.getUint16(row + x * 2, true) : view.getUint32(row + x * 4, true);
        data[out] = red(pixel);
        data[out + 1] = green(pixel);
        data[out + 2] = blue(pixel);
        data[out + 3] = alpha(pixel);
      }
    }
  }
  return { width, height, data };
}

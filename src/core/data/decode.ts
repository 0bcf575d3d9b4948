import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { mapFiles } from './concurrent';
import type { Dataset } from './dataset';
import { enlarged } from './enlarge';
import { PictureError, type PictureHeader, pipelineOf, readHeader, reasonOf } from './picture';
import type { PictureCache } from './pictureCache';
import type { ImageTarget } from './target';
import { type Box, cropBox, isPlain, recolour, type View } from './views';

/** The whole picture is scaled to width × height; `box` of it is kept. */
interface Scaling {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
}

/** Python's round: halves go to the even neighbour. */
function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** timm's evaluation: the shorter side to ⌊size / crop⌋, the longer one cut down to whole pixels, then the centre. */
function centreScaling(target: ImageTarget, width: number, height: number): Scaling {
  const shorter = Math.max(target.size, Math.floor(target.size / target.crop));
  const w = width <= height ? shorter : Math.floor((shorter * width) / height);
  const h = width <= height ? Math.floor((shorter * height) / width) : shorter;
  return { width: w, height: h, left: roundHalfEven((w - target.size) / 2), top: roundHalfEven((h - target.size) / 2) };
}

/** The scale at which the box is a square of size × size: the same as cropping first, but a JPEG can be read at 1/2, 1/4, 1/8. */
function boxScaling(size: number, box: Box, width: number, height: number): Scaling {
  const w = Math.max(size, Math.round((width * size) / box.width));
  const h = Math.max(size, Math.round((height * size) / box.height));
  return {
    width: w,
    height: h,
    left: Math.min(w - size, Math.round((box.left * size) / box.width)),
    top: Math.min(h - size, Math.round((box.top * size) / box.height)),
  };
}

/** @returns RGB pixels, [size, size, 3] */
async function pixelsOf(bytes: Uint8Array, header: PictureHeader, target: ImageTarget, view: View | null): Promise<Uint8ClampedArray> {
  const { size } = target;
  const scaling = view?.crops.length
    ? boxScaling(size, cropBox(view.crops, header.width, header.height), header.width, header.height)
    : centreScaling(target, header.width, header.height);
  const width = Math.min(header.width, scaling.width);
  const height = Math.min(header.height, scaling.height);
  const shrunk = pipelineOf(bytes, header).resize(width, height, {
    fit: 'fill',
    kernel: target.interpolation === 'bicubic' ? 'cubic' : 'linear', // Catmull-Rom, a = −0.5, as in PIL
    fastShrinkOnLoad: false, // a JPEG is read at 1/2 … 1/8 only as far as the kernel still has half of the work
  });
  const enlarge = width < scaling.width || height < scaling.height;
  if (!enlarge) shrunk.extract({ left: scaling.left, top: scaling.top, width: size, height: size });
  const { data, info } = await shrunk.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new PictureError('unreadable', l10n.t('{0} colour channels', info.channels));
  if (enlarge) return enlarged({ width, height, data }, scaling, size, target.interpolation);
  return new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
}

/** (v / 255 − mean) / std of the 256 values of a channel. */
function levels(mean: number, std: number): Float32Array {
  const values = new Float32Array(256);
  for (let v = 0; v < 256; v++) values[v] = (v / 255 - mean) / std;
  return values;
}

/** Fills `out`, planar [3, size, size], with normalised values, mirrored if the view says so. */
function normalise(pixels: Uint8ClampedArray, { size, mean, std }: ImageTarget, flip: boolean, out: Float32Array): void {
  const [red, green, blue] = mean.map((m, channel) => levels(m, std[channel] as number)) as [Float32Array, Float32Array, Float32Array];
  const plane = size * size;
  const step = flip ? -3 : 3;
  for (let y = 0; y < size; y++) {
    let from = (y * size + (flip ? size - 1 : 0)) * 3;
    for (let to = y * size; to < (y + 1) * size; to++, from += step) {
      out[to] = red[pixels[from] as number] as number;
      out[to + plane] = green[pixels[from + 1] as number] as number;
      out[to + 2 * plane] = blue[pixels[from + 2] as number] as number;
    }
  }
}

/** @returns RGB pixels, [size, size, 3], before they are mirrored */
async function seen(source: string | Uint8Array, target: ImageTarget, view: View | null): Promise<Uint8ClampedArray> {
  try {
    const bytes = typeof source === 'string' ? await readFile(source) : source;
    const pixels = await pixelsOf(bytes, await readHeader(bytes), target, view);
    if (view) recolour(pixels, view);
    return pixels;
  } catch (error) {
    const name = typeof source === 'string' ? source : l10n.t('The picture');
    throw new ThawError(
      'data.unreadable',
      l10n.t('{0} cannot be read: {1}.', name, reasonOf(error)),
      l10n.t('Open it in a picture viewer and save it again, or take it out of the folder.'),
      { path: typeof source === 'string' ? source : undefined, cause: error },
    );
  }
}

/**
 * A picture as the model wants it: upright, RGB, on white where it is transparent, resized and cropped as timm's
 * evaluation does (or as the view says), normalised.
 * @param source a path, or the bytes of a file: JPEG, PNG, WebP, GIF, BMP, TIFF or AVIF
 * @returns planar [3, size, size]
 * @throws ThawError `data.unreadable` naming the file
 */
export async function decodePicture(source: string | Uint8Array, target: ImageTarget, view: View | null): Promise<Float32Array> {
  const image = new Float32Array(3 * target.size * target.size);
  normalise(await seen(source, target, view), target, view?.flip ?? false, image);
  return image;
}

/**
 * Decodes examples of a data set, several at once.
 * @param indices into `dataset.examples`
 * @param views one for each of the indices
 * @param cache takes the pictures that are seen as they are, but for mirroring, and gives them again; for one target only
 * @returns images [B, 3, size, size]; `unreadable` lists the positions in the batch (0 … B − 1) that could not be
 *   decoded, in rising order: they are all zeros
 * @throws ThawError `io.gone` when the data's folder itself is no longer there
 */
export async function decodeBatch(
  dataset: Dataset,
  indices: readonly number[],
  target: ImageTarget,
  views: readonly (View | null)[],
  cache?: PictureCache,
): Promise<{ images: Float32Array; unreadable: number[] }> {
  const length = 3 * target.size * target.size;
  const images = new Float32Array(indices.length * length);
  const unreadable: number[] = [];
  await mapFiles(indices, async (index, position) => {
    const example = dataset.examples[index];
    if (!example) throw new RangeError(`no example ${index}`);
    const view = views[position] ?? null;
    const kept = isPlain(view) ? cache : undefined;
    try {
      const pixels = kept?.get(index) ?? (await seen(join(dataset.root, example.path), target, view));
      kept?.put(index, pixels);
      normalise(pixels, target, view?.flip ?? false, images.subarray(position * length, (position + 1) * length));
    } catch (error) {
      await access(dataset.root).catch((cause) => {
        throw new ThawError(
          'io.gone',
          l10n.t('The folder {0} is no longer there.', dataset.root),
          l10n.t('Put it back, then resume the run.'),
          { path: dataset.root, cause },
        );
      });
      if (!(error instanceof ThawError) || error.failure.code !== 'data.unreadable') throw error;
      unreadable.push(position);
    }
  });
  return { images, unreadable: unreadable.sort((a, b) => a - b) };
}

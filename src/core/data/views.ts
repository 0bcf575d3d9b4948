import type { RunConfig } from '../../protocol/runConfig';
import { RandomStream } from '../random';

/** One attempt at a crop: its share of the picture's area, width / height, and where it lies (0 left or top … 1 right or bottom). */
interface CropDraw {
  readonly area: number;
  readonly ratio: number;
  readonly x: number;
  readonly y: number;
}

/** How an example is seen in one epoch, drawn before its size is known. */
export interface View {
  /** Mirrored left to right. */
  readonly flip: boolean;
  /** The first attempt that fits the picture counts; none: the plain centre crop. */
  readonly crops: readonly CropDraw[];
  /** Factors around 1. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
}

/** A crop may be as small as this share of the picture: less than ImageNet's habit, as a small data set can't afford crops without the thing. */
const smallestArea = 0.35;
const attempts = 10;
/** Brightness, contrast and saturation change by at most this share. */
const colourChange = 0.2;

/**
 * The view of an example in an epoch: a pure function of its arguments, the same on every machine and after every resume.
 * With `flip`, views 2k and 2k + 1 of an example are each other's mirror image, so that two cached views hold both.
 * @returns null where there is nothing to change
 */
export function viewOf(augmentation: RunConfig['augmentation'], seed: number, epochOrView: number, path: string): View | null {
  const plain = { crops: [], brightness: 1, contrast: 1, saturation: 1 };
  switch (augmentation) {
    case 'none':
      return null;
    case 'flip': {
      const first = new RandomStream(seed, 'view', Math.floor(epochOrView / 2), path).uniform() < 0.5;
      const flip = first !== (epochOrView % 2 === 1);
      return flip ? { ...plain, flip } : null;
    }
    case 'standard': {
      const random = new RandomStream(seed, 'view', epochOrView, path);
      const between = (low: number, high: number) => low + (high - low) * random.uniform();
      return {
        flip: random.uniform() < 0.5,
        brightness: between(1 - colourChange, 1 + colourChange),
        contrast: between(1 - colourChange, 1 + colourChange),
        saturation: between(1 - colourChange, 1 + colourChange),
        crops: Array.from({ length: attempts }, () => ({
          area: between(smallestArea, 1),
          ratio: Math.exp(between(Math.log(3 / 4), Math.log(4 / 3))),
          x: random.uniform(),
          y: random.uniform(),
        })),
      };
    }
  }
}

/** Whether a view shows the picture as it is, at most mirrored. */
export function isPlain(view: View | null): boolean {
  return view === null || (view.crops.length === 0 && view.brightness === 1 && view.contrast === 1 && view.saturation === 1);
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Where a view's crop lies in a picture of that size, in whole pixels (torchvision's RandomResizedCrop.get_params):
 * the first attempt that fits, else the largest centre crop with a ratio within 3/4 … 4/3.
 */
export function cropBox(crops: readonly CropDraw[], width: number, height: number): Box {
  for (const { area, ratio, x, y } of crops) {
    const w = Math.round(Math.sqrt(width * height * area * ratio));
    const h = Math.round(Math.sqrt((width * height * area) / ratio));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    return { left: Math.floor(x * (width - w + 1)), top: Math.floor(y * (height - h + 1)), width: w, height: h };
  }
  const w = Math.max(1, Math.min(width, Math.round((height * 4) / 3)));
  const h = Math.max(1, Math.min(height, Math.round((width * 4) / 3)));
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}

/**
 * Brightness, contrast, then saturation, as torchvision's ColorJitter has them: a blend with black, with the picture's
 * mean grey, with its own grey. Changes RGB pixels in place.
 */
export function recolour(pixels: Uint8ClampedArray, view: View): void {
  const { brightness, contrast, saturation } = view;
  if (brightness === 1 && contrast === 1 && saturation === 1) return;
  const grey = (i: number) => 0.299 * (pixels[i] as number) + 0.587 * (pixels[i + 1] as number) + 0.114 * (pixels[i + 2] as number);
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 3) sum += grey(i);
  const mean = (brightness * sum) / (pixels.length / 3);
  for (let i = 0; i < pixels.length; i += 3) {
    for (let c = i; c < i + 3; c++) pixels[c] = contrast * brightness * (pixels[c] as number) + (1 - contrast) * mean;
    const own = grey(i);
    for (let c = i; c < i + 3; c++) pixels[c] = saturation * (pixels[c] as number) + (1 - saturation) * own;
  }
}

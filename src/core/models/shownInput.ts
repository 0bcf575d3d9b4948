import type { ImageModel } from './model';
import type { TextModel } from './text';

/** Tokens of the text for which the shapes of layers are shown. */
const shownTokens = 128;

/** What a model's layers are shown for: [3, side, side] of pictures, [tokens] of texts. */
export function shownInput(model: ImageModel | TextModel): number[] {
  return 'kind' in model ? [Math.min(shownTokens, model.input.maximumLength)] : [3, model.input.size, model.input.size];
}

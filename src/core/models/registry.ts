import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import { convnetFamily } from './convnet';
import { convnextFamily } from './convnext';
import { efficientNetLiteFamily } from './efficientNetLite';
import { kerasFamily } from './keras';
import { mobilenetV2Family } from './mobilenetV2';
import type { ImageModel } from './model';
import { resnetFamily } from './resnet';
import { type Family, type ModelSpec, unsupported } from './spec';
import { vitFamily } from './vit';

const families: readonly Family[] = [
  efficientNetLiteFamily,
  mobilenetV2Family,
  resnetFamily,
  convnextFamily,
  vitFamily,
  convnetFamily,
  kerasFamily,
];

/** Architectures offered for learning from scratch; `mobilenetv2_NNN` of any other width is understood too. */
export const scratchArchitectures = ['convnet_small', 'mobilenetv2_035', 'mobilenetv2_100'] as const;

/** Whether an id may start from random weights. EfficientNet-Lite may not: asked for by name, it is meant pretrained. */
export function canStartFromScratch(id: string): boolean {
  return id === 'convnet_small' || mobilenetV2Family({ architecture: id, classes: 2 }) !== null;
}

/**
 * The model of a specification, its tensors not yet there.
 * @throws ThawError `model.unsupported` for an architecture that no family knows, or a setting of it; `path` is the file that named it.
 */
export function buildModel(spec: ModelSpec, path?: string): ImageModel {
  for (const family of families) {
    const model = built(family, spec, path);
    if (model) return model;
  }
  throw unsupported(l10n.t('The architecture "{0}" is not supported.', spec.architecture), path);
}

function built(family: Family, spec: ModelSpec, path?: string): ImageModel | null {
  try {
    return family(spec);
  } catch (error) {
    throw error instanceof ThawError && path !== undefined
      ? new ThawError(error.failure.code, error.failure.message, error.failure.hint, { path })
      : error;
  }
}

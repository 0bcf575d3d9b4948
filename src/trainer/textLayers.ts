import * as l10n from '@vscode/l10n';
import { presetsOf } from '../core/methods';
import { headFor } from '../core/models/text';
import { layerTree } from '../core/nn';
import { describeTextById, modelsFolder, type Places } from '../core/weights';
import type { LayersAnswer } from '../protocol/assistant';
import type { TextTask } from '../protocol/data';
import { ThawError } from '../protocol/failure';

/** Length of a text for which the shapes of layers are shown. */
const shownTokens = 128;

/**
 * The tree of a model of texts with the head that a task needs.
 * @throws ThawError `model.*` | `hub.*`
 */
export async function textLayers(
  id: string,
  { task, classes, hub }: { task: TextTask; classes: number; hub?: Places['hub'] },
): Promise<LayersAnswer> {
  const described = await describeTextById(id, { head: headFor(task), classes: classes || undefined, modelsFolder: modelsFolder(), hub });
  if (!described)
    throw new ThawError('model.unsupported', l10n.t('The model {0} does not read texts.', id), l10n.t('Choose another model.'));
  const { model, facts } = described;
  return { facts, root: layerTree(model.root, [Math.min(shownTokens, model.input.maximumLength)]), presets: presetsOf(model) };
}

import { presetsOf } from '../core/methods';
import { addLora } from '../core/models';
import { layerTree } from '../core/nn';
import { describeForTask, modelsFolder, type Places } from '../core/weights';
import type { LayersAnswer } from '../protocol/assistant';
import type { TextTask } from '../protocol/data';
import type { LoraConfig } from '../protocol/runConfig';

/** Length of a text for which the shapes of layers are shown. */
const shownTokens = 128;

/**
 * The tree of a model of texts with the head that a task needs.
 * @throws ThawError `model.*` | `hub.*`
 */
export async function textLayers(
  id: string,
  { task, classes, lora, hub }: { task: TextTask; classes: number; lora?: LoraConfig; hub?: Places['hub'] },
): Promise<LayersAnswer> {
  const { model, facts } = await describeForTask(id, task, { classes: classes || undefined, modelsFolder: modelsFolder(), hub });
  if (lora) addLora(model, lora);
  return { facts, root: layerTree(model.root, [Math.min(shownTokens, model.input.maximumLength)]), presets: presetsOf(model) };
}

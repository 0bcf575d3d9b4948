import { presetsOf } from '../core/methods';
import { layerTree } from '../core/nn';
import { describeAdapted, describeForTask, locate, modelsFolder, type Places } from '../core/weights';
import type { LayersAnswer } from '../protocol/assistant';
import type { TextTask } from '../protocol/data';
import type { LoraConfig } from '../protocol/runConfig';
import { requireTokenizer } from './tokens';

/** Length of a text for which the shapes of layers are shown. */
const shownTokens = 128;

/**
 * The tree of a model of texts with the head that a task needs, of one that a run could begin with.
 * @throws ThawError `model.*` | `hub.*`
 */
export async function textLayers(
  id: string,
  { task, classes, lora, hub }: { task: TextTask; classes: number; lora?: LoraConfig; hub?: Places['hub'] },
): Promise<LayersAnswer> {
  const here = { modelsFolder: modelsFolder(), hub };
  const places = { ...here, located: await locate(id, here) };
  const describe = (keepsAdapter: boolean) => describeForTask(id, task, { classes: classes || undefined, keepsAdapter, ...places });
  const { model, facts } = lora ? (await describeAdapted(id, lora, places, describe)).described : await describe(false);
  if (facts.source !== 'hub') await requireTokenizer(id, model.input.vocabulary); // of the hub's only the header is here
  return { facts, root: layerTree(model.root, [Math.min(shownTokens, model.input.maximumLength)]), presets: presetsOf(model) };
}

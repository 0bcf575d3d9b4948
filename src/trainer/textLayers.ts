import { presetsOf } from '../core/methods';
import { shownInput } from '../core/models';
import { layerTree } from '../core/nn';
import { describeAdapted, describeForTask, locate, modelsFolder, type Places } from '../core/weights';
import type { LayersAnswer } from '../protocol/assistant';
import type { TextTask } from '../protocol/data';
import type { LoraConfig } from '../protocol/runConfig';
import { requireTokenizer } from './tokens';

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
  const { model, facts } = (await describeAdapted(id, lora, places, describe)).described;
  if (facts.source !== 'hub') await requireTokenizer(id, model.input.vocabulary); // of the hub's only the header is here
  return { facts, root: layerTree(model.root, shownInput(model)), presets: presetsOf(model) };
}

import path from 'node:path';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { shownInput } from '../../core/models';
import { layerTree } from '../../core/nn';
import {
  type DescribedModel,
  describeAdapted,
  describeModel,
  describeTextById,
  listModels,
  locate,
  modelsFolder,
  type TextModelById,
} from '../../core/weights';
import { defaultPreset } from '../../protocol/defaults';
import { ThawError } from '../../protocol/failure';
import { type LayerNode, mood, withRules } from '../../protocol/layers';
import { defaultRunsFolder } from '../../protocol/paths';
import { type LoraConfig, loraSchema, type Preset, presetSchema } from '../../protocol/runConfig';
import { rulesOf } from '../learning';
import type { Output } from '../output';
import { integer, size, table } from '../table';

const places = () => ({ modelsFolder: modelsFolder(), runsFolder: path.resolve(defaultRunsFolder) });

export async function models(output: Output): Promise<void> {
  const facts = await listModels(places());
  output.result(facts, () =>
    table('llrrll', [
      [l10n.t('model'), l10n.t('family'), l10n.t('parameters'), l10n.t('size'), l10n.t('source'), l10n.t('licence')],
      ...facts.map((m) => [m.id, m.family, integer(m.parameters), size(m.bytes), m.source, m.licence]),
    ]),
  );
}

export async function layers(model: string, { rules, ...flags }: LayersText & { rules: string[] }, output: Output): Promise<void> {
  const { classes, preset, lora } = checkedLayers(flags);
  // Whoever asks for a model by name asks for it on the hub, too; its weights stay there.
  const here = { ...places(), hub: {} };
  const asked = { ...here, located: await locate(model, here) };
  const describe = async (keepsAdapter: boolean) =>
    (await describeTextById(model, { classes, keepsAdapter, ...asked })) ??
    describeModel(model, { classes: classes ?? 2, keepsAdapter, ...asked });
  const plain = await describe(false);
  const { described } = await describeAdapted(model, lora?.(plain), asked, async (keeps) => (keeps ? describe(true) : plain));
  const root = withRules(
    layerTree(described.model.root, shownInput(described.model)),
    rulesOf(described, preset ?? presetOf(described), rules),
  );
  output.result(root, () => {
    const learning = l10n.t('{0} of {1} parameters learn', integer(root.trainable), integer(root.parameters));
    return `${table('lllrl', [[l10n.t('layer'), l10n.t('type'), l10n.t('output'), l10n.t('parameters'), ''], ...rowsOf(root, 0)])}\n\n${learning}`;
  });
}

type Described = DescribedModel | TextModelById;

/** A language model's head is its embeddings, as a rule: there is none to learn alone. */
function presetOf({ model, facts }: Described): Preset {
  if ('kind' in model) return model.kind === 'sequence-classification' ? 'head' : 'top';
  return defaultPreset(facts);
}

/** As it was typed. */
interface LayersText {
  classes?: string;
  preset?: string;
  lora?: boolean;
  loraRank?: string;
  loraTargets?: string[];
}

const layersFlags = z.object({
  classes: z.coerce.number().pipe(z.int().min(2)).optional(),
  preset: presetSchema.optional(),
  'lora-rank': z.coerce.number().pipe(loraSchema.shape.rank.unwrap()).optional(),
});

interface LayersFlags {
  readonly classes?: number;
  readonly preset?: Preset;
  /** Adapters for a model: as they are asked for, else as its own are; null for none. */
  readonly lora: ((model: Described) => LoraConfig) | null;
}

function checkedLayers({ classes, preset, lora, loraRank, loraTargets }: LayersText): LayersFlags {
  const parsed = layersFlags.safeParse({ classes, preset, 'lora-rank': loraRank });
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`);
    throw new ThawError('usage', wrong.join('\n'), 'thaw layers --help');
  }
  const { 'lora-rank': rank, ...flags } = parsed.data;
  const isSaid = rank !== undefined || loraTargets !== undefined;
  const hasAdapters = lora || isSaid || preset === 'lora';
  const asked = loraSchema.parse({ rank, targets: loraTargets });
  return {
    ...flags,
    ...(hasAdapters && { preset: flags.preset ?? 'lora' }),
    lora: hasAdapters ? ({ facts }) => (isSaid ? asked : (facts.lora ?? asked)) : null,
  };
}

/** A row a layer, its name moved in by its depth; marked where all of it, or a part, learns. */
function rowsOf(node: LayerNode, depth: number): string[][] {
  const marks = { all: l10n.t('learns'), some: l10n.t('in part'), none: '' };
  const name = node.name.split('.').at(-1) || l10n.t('(model)');
  const row = ['  '.repeat(depth) + name, node.type, node.outputShape.join('×'), integer(node.parameters), marks[mood(node)]];
  return [row, ...node.children.flatMap((child) => rowsOf(child, depth + 1))];
}

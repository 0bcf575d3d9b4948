import path from 'node:path';
import * as l10n from '@vscode/l10n';
import type { RunEventBody } from '../../../protocol/events';
import { runFiles } from '../../../protocol/paths';
import type { LoraConfig, RunConfig } from '../../../protocol/runConfig';
import type { NamedTensors, TensorData } from '../../engine/engine';
import type { Network } from '../../models';
import type { TextModel } from '../../models/text';
import { initialTensors, linearsOf, tensorsOf } from '../../nn';
import {
  type AdapterBase,
  adapterBase,
  describeAdapted,
  fitsAdapter,
  isAdapted,
  isAdapterTensor,
  mergeAdapter,
  type Naming,
  saveAdapter,
} from '../../weights';
import type { SubjectOptions } from './subject';

export interface AdaptedSpec {
  /** With its adapters. */
  readonly model: Network & Partial<Pick<TextModel, 'kind'>>;
  readonly lora: LoraConfig;
  readonly seed: number;
  /** Null where an adapter would have nothing to name as its base; then none is written. */
  readonly base: AdapterBase | null;
  /** Names of the tensors that the base's checkpoint lacks. */
  readonly drawn: ReadonlySet<string>;
  readonly naming?: Naming;
  readonly labels: readonly string[];
  readonly title: string;
  readonly warnings: readonly RunEventBody[];
}

interface Described {
  readonly model: AdaptedSpec['model'] & { readonly title: string };
  readonly drawn: ReadonlySet<string>;
  readonly naming?: Naming;
}

/**
 * The model that a run trains: as it is described, or, where adapters are asked for, that and a second tree without them, in
 * which the result is saved.
 * @param describe `keepsAdapter`: with the adapter that the model has already, for it to learn on
 * @throws what `describe` throws; ThawError `config.invalid` where the targets name no layer that can be adapted
 */
export async function withAdapters<D extends Described>(
  { model: id, lora, seed }: RunConfig,
  { asItIs = false, labels, ...places }: SubjectOptions & { readonly labels: readonly string[] },
  describe: (keepsAdapter: boolean) => Promise<D>,
): Promise<{ described: D; plain: D['model']; keepsAdapter: boolean; adapted: Adapted | null }> {
  const asked = asItIs ? undefined : lora;
  const { described, keepsAdapter } = await describeAdapted(id, asked, places, describe);
  if (!asked) return { described, plain: described.model, keepsAdapter, adapted: null };
  const { model: plain } = await describe(false);
  const { model, drawn, naming } = described;
  const base = await adapterBase(id, places, keepsAdapter);
  const warnings = !keepsAdapter && (await isAdapted(id, places)) ? [mergedAdapter()] : [];
  const adapted = new Adapted({ model, drawn, naming, lora: asked, seed, base, labels, title: model.title, warnings });
  return { described, plain, keepsAdapter, adapted };
}

function mergedAdapter(): RunEventBody {
  const message = l10n.t(
    'The model is an adapter of another kind than is asked for: it is merged into its base, and what learns beside it is kept in the saved model alone. With its own rank, alpha and dropout it learns on.',
  );
  return { type: 'warning', code: 'model.adapterMerged', message };
}

/** A model with adapters: what of it is drawn, how it becomes a plain model again, and how the adapters are kept by themselves. */
export class Adapted {
  /** Tensors that the plain model has no more or in another form: the adapters', and the weights that they are merged into. */
  readonly merged: ReadonlySet<string>;
  readonly warnings: readonly RunEventBody[];

  constructor(private readonly spec: AdaptedSpec) {
    const { model, warnings } = spec;
    this.warnings = warnings;
    const weights = [...linearsOf(model.root)].filter(({ adapter }) => adapter !== null).map((layer) => layer.nameOf('weight'));
    this.merged = new Set([...weights, ...[...tensorsOf(model.root)].map(({ name }) => name).filter(isAdapterTensor)]);
  }

  /** The tensors of the base with those of adapters, fresh ones unless it has them, in the order of the tree. */
  begin(base: NamedTensors): Map<string, TensorData> {
    const { model, seed } = this.spec;
    const fresh = initialTensors(model.root, seed, isAdapterTensor);
    return new Map([...tensorsOf(model.root)].map(({ name }) => [name, (base.get(name) ?? fresh.get(name)) as TensorData]));
  }

  /** Of the plain model that computes the same. */
  plain(tensors: NamedTensors): NamedTensors {
    return mergeAdapter(this.spec.model, tensors);
  }

  /** Writes the adapters into a run's folder, in PEFT's layout, where they say all that was learned. */
  async save(run: string, tensors: NamedTensors, touched: ReadonlySet<string>): Promise<void> {
    const { base, drawn } = this.spec;
    const changed = (name: string) => !isAdapterTensor(name) && (touched.has(name) || drawn.has(name));
    if (base === null || !fitsAdapter(this.spec.model, changed)) return;
    await saveAdapter(path.join(run, runFiles.adapter), { ...this.spec, base, tensors, changed });
  }
}

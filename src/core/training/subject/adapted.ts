import path from 'node:path';
import { runFiles } from '../../../protocol/paths';
import type { LoraConfig } from '../../../protocol/runConfig';
import type { NamedTensors, TensorData } from '../../engine/engine';
import { addLora, type Network } from '../../models';
import type { TextModel } from '../../models/text';
import { initialTensors, linearsOf, tensorsOf } from '../../nn';
import { type AdapterBase, fitsAdapter, isAdapterTensor, mergeAdapter, type Naming, saveAdapter } from '../../weights';

export interface AdaptedSpec {
  /** The adapters are put into it. */
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
}

/** A model with adapters: what of it is drawn, how it becomes a plain model again, and how the adapters are kept by themselves. */
export class Adapted {
  /** Tensors that the plain model has no more or in another form: the adapters', and the weights that they are merged into. */
  readonly merged: ReadonlySet<string>;

  /** @throws ThawError `config.invalid` where the targets name no layer that can be adapted */
  constructor(private readonly spec: AdaptedSpec) {
    const { model, lora } = spec;
    // An adapter that learns on is in the tree already.
    if (![...linearsOf(model.root)].some(({ adapter }) => adapter !== null)) addLora(model, lora);
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

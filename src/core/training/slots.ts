import type { OptimizerConfig } from '../../protocol/runConfig';
import type { NamedTensors, TensorData } from '../engine/engine';

/** Parameters that have had equally many updates: their bias corrections agree. */
export interface AgeGroup {
  readonly age: number;
  readonly names: readonly string[];
}

/** Which slots an optimizer keeps beside each parameter. */
export function slotKinds(optimizer: OptimizerConfig): readonly string[] {
  return optimizer.name === 'adamw' ? ['m', 'v'] : ['momentum'];
}

/** `m:classifier.weight`: the name of a slot in a program's state and in optimizer.safetensors. */
export function slotName(kind: string, parameter: string): string {
  return `${kind}:${parameter}`;
}

/**
 * The optimizer's memory, by parameter name. A parameter that is frozen in mid-run keeps its slots and its count of updates
 * here, and has them again when it is thawed. One that learns for the first time begins with zeros and count 0, so that
 * AdamW's bias correction is right for it whenever that is (PyTorch counts each parameter's steps for the same reason).
 */
export class Slots {
  constructor(
    private readonly kinds: readonly string[],
    /** Values by slot name. */
    readonly values: Map<string, TensorData> = new Map(),
    /** Updates that each parameter has had. */
    readonly ages: Map<string, number> = new Map(),
  ) {}

  /** Slots of these parameters, drawn up where they are new. */
  of(parameters: Iterable<string>, tensors: NamedTensors): Map<string, TensorData> {
    const found = new Map<string, TensorData>();
    for (const name of parameters) {
      const { shape, data } = tensors.get(name) as TensorData;
      for (const kind of this.kinds) {
        const slot = slotName(kind, name);
        found.set(slot, this.values.get(slot) ?? { dtype: 'float32', shape, data: new Float32Array(data.length) });
      }
    }
    return found;
  }

  /** The parameters by age, in the order in which they are given. */
  groups(parameters: Iterable<string>): AgeGroup[] {
    const groups = new Map<number, string[]>();
    for (const name of parameters) {
      const age = this.ages.get(name) ?? 0;
      groups.set(age, [...(groups.get(age) ?? []), name]);
    }
    return [...groups].map(([age, names]) => ({ age, names }));
  }
}

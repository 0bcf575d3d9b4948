import type { NamedTensors, TensorData } from '../../engine/engine';
import type { Network } from '../../models/model';
import { type Linear, linearsOf, tensorsOf } from '../../nn';

/** Whether a tensor of a tree is an adapter's, by its name. */
export function isAdapterTensor(name: string): boolean {
  return /\.lora_[AB]\.weight$/.test(name);
}

/**
 * The tensors of the plain model, in its order, that computes what this one does with its adapters: W + scale·B·A, summed in
 * double precision and rounded once. An adapter that gives nothing leaves its weight as it is, to the byte.
 */
export function mergeAdapter(model: Pick<Network, 'root'>, tensors: NamedTensors): Map<string, TensorData> {
  const merged = new Map<string, TensorData>();
  for (const { name } of tensorsOf(model.root)) {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`mergeAdapter: the tensor ${name} is missing`);
    if (!isAdapterTensor(name)) merged.set(name, tensor);
  }
  for (const layer of linearsOf(model.root)) {
    if (!layer.adapter) continue;
    const weight = `${layer.path}.weight`;
    merged.set(weight, mergedWeight(layer, layer.adapter.scale, tensors));
  }
  return merged;
}

function mergedWeight(layer: Linear, scale: number, tensors: NamedTensors): TensorData {
  const of = (name: string) => tensors.get(`${layer.path}.${name}`) as TensorData;
  const { shape, data: base } = of('weight');
  const [{ data: a, shape: sizes }, { data: b }] = [of('lora_A.weight'), of('lora_B.weight')]; // [rank, in], [out, rank]
  const { input, output, inputFirst } = layer;
  const rank = sizes[0] as number;
  const data = Float32Array.from(base);
  const row = new Float64Array(input);
  for (let o = 0; o < output; o++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = scale * (b[o * rank + r] as number);
      if (factor === 0) continue;
      for (let i = 0; i < input; i++) row[i] = (row[i] as number) + factor * (a[r * input + i] as number);
    }
    for (let i = 0; i < input; i++) {
      const change = row[i] as number;
      if (change === 0) continue; // −0 stays −0
      const at = inputFirst ? i * output + o : o * input + i;
      data[at] = (base[at] as number) + change;
    }
  }
  return { dtype: 'float32', shape, data };
}

/** Takes the adapters out of the tree: what is left is the plain model. */
export function removeAdapters(model: Pick<Network, 'root'>): void {
  for (const layer of linearsOf(model.root)) layer.unadapt();
}

import type { LayerNode } from '../../protocol/layers';
import type { Network } from '../models/model';
import { layerTree, type Shape } from '../nn';
import { sizeOf } from './reads';
import type { Selection } from './selection';

/** What Node, the decoder and the engine take before any model, bytes. */
const base = 200 * 2 ** 20;
/** The tensors as they were read, as the engine packs them, and as a checkpoint is written. */
const weightCopies = 3;
/** Batches under way: two read ahead, one computed. */
const batchesHeld = 3;
/** A layer in inference holds its input and its output. */
const mapsHeld = 2;
/** A layer that learns keeps its output for the gradient, and the gradient and its parts come to about twice that. */
const mapsKept = 3;

/** Bytes that training takes by the counts of the model, features that are kept apart. `input`: the shape of one example. */
export function memoryOf(
  model: Network,
  input: Shape,
  { cut, trainableParameters }: Selection,
  slotsEach: number,
  batchSize: number,
): number {
  const leaves = (node: LayerNode): LayerNode[] => (node.children.length === 0 ? [node] : node.children.flatMap(leaves));
  let shape = input;
  let weights = 0;
  let held = 0;
  let kept = 0;
  for (const [i, module] of model.chain.entries()) {
    const layers = leaves(layerTree(module, shape));
    shape = module.outputShape(shape);
    weights += layers.reduce((sum, layer) => sum + layer.parameters, 0);
    const maps = layers.map((layer) => sizeOf(layer.outputShape));
    if (i < cut) held = Math.max(held, ...maps);
    else kept += maps.reduce((a, b) => a + b, 0);
  }
  const given = batchesHeld * sizeOf(input);
  const values = weightCopies * (weights + slotsEach * trainableParameters) + batchSize * (given + mapsHeld * held + mapsKept * kept);
  return base + values * Float32Array.BYTES_PER_ELEMENT;
}

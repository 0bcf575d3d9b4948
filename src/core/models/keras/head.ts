import { type KerasGraph, type KerasLayer, valueName } from './graph';
import { silentTypes } from './layers/activation';

/** What may stand between the classifier and the output. Our models give logits: the final softmax or sigmoid is left out. */
const squashing = new Set(['softmax', 'sigmoid', 'linear']);
const shaping = new Set(['Flatten', 'Reshape', 'GlobalAveragePooling2D']);
const silent: ReadonlySet<string> = new Set(silentTypes);

/** The layer that decides: a dense one, or a 1×1 convolution before the last pooling; by the names of the models around it. */
export interface Head {
  readonly path: readonly string[];
  /** Classes that it has now. 1: a sigmoid between two. */
  readonly outputs: number;
}

/** Null where the model ends otherwise, as one without its top does. */
export function headOf(graph: KerasGraph): Head | null {
  for (let value = graph.output; ; ) {
    const layer = layerOf(graph, value);
    if (layer?.calls.length !== 1) return null;
    const { type, config } = layer;
    if (layer.graph) {
      const inner = headOf(layer.graph);
      return inner && { ...inner, path: [layer.name, ...inner.path] };
    }
    if (type === 'Dense') return isSquashing(config.activation) ? { path: [layer.name], outputs: Number(config.units) } : null;
    if (type === 'Conv2D') return String(config.kernel_size) === '1,1' ? { path: [layer.name], outputs: Number(config.filters) } : null;
    const passes = (type === 'Activation' && isSquashing(config.activation)) || type === 'Softmax' || shaping.has(type) || silent.has(type);
    const [input] = layer.calls[0] ?? [];
    if (!passes || input === undefined) return null;
    value = input;
  }
}

function isSquashing(activation: unknown): boolean {
  return activation === undefined || squashing.has(String(activation));
}

function layerOf(graph: KerasGraph, value: string): KerasLayer | undefined {
  return graph.layers.find((layer) => layer.calls.some((_, call) => valueName(layer.name, call) === value));
}

/** The same graph with that head made for so many classes, and giving logits. */
export function withClasses(graph: KerasGraph, [name, ...inner]: readonly string[], classes: number): KerasGraph {
  const after = new Set<string>();
  for (let value = graph.output; ; ) {
    const layer = layerOf(graph, value);
    if (!layer || layer.name === name) break;
    after.add(layer.name);
    value = layer.calls[0]?.[0] ?? '';
  }
  const layers = graph.layers.map((layer): KerasLayer => {
    if (layer.name === name) return layer.graph ? { ...layer, graph: withClasses(layer.graph, inner, classes) } : resized(layer, classes);
    return after.has(layer.name) ? plain(layer) : layer;
  });
  return { ...graph, layers };
}

function resized(layer: KerasLayer, classes: number): KerasLayer {
  const { config } = layer;
  if (layer.type === 'Dense') return { ...layer, config: { ...config, units: classes, activation: 'linear' } };
  return { ...layer, config: { ...config, filters: classes, ...(isSquashing(config.activation) && { activation: 'linear' }) } };
}

/** What follows the classifier, without what would squash its logits or ask for the old number of classes. */
function plain(layer: KerasLayer): KerasLayer {
  if (layer.type === 'Softmax' || layer.type === 'Activation') return { ...layer, type: 'Activation', config: { activation: 'linear' } };
  if (layer.type === 'Reshape') return { ...layer, type: 'Flatten', config: {} };
  return layer;
}

/** A model without a classifier gets one; feature maps are averaged, sequences flattened first. */
export function withNewHead(graph: KerasGraph, rank: number, classes: number): { graph: KerasGraph; head: Head } {
  const taken = new Set(graph.layers.map((layer) => layer.name));
  const free = (name: string) => {
    let found = name;
    for (let i = 2; taken.has(found); i++) found = `${name}_${i}`;
    taken.add(found);
    return found;
  };
  const layers = [...graph.layers];
  let output = graph.output;
  const append = (type: string, name: string, config: Record<string, unknown>) => {
    layers.push({ name: free(name), type, config, calls: [[output]] });
    output = layers.at(-1)?.name as string;
  };
  if (rank === 3) append('GlobalAveragePooling2D', 'global_pool', {});
  if (rank === 2) append('Flatten', 'flatten', {});
  append('Dense', 'classifier', { units: classes });
  return { graph: { ...graph, layers, output }, head: { path: [output], outputs: classes } };
}

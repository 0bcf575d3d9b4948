import { type Attribute, type ElementArray, elementTypes, type Graph, type GraphNode, type Value } from './graph';
import { type AttributeProto, encodeModel, type TensorProto, type ValueInfoProto } from './schema';

/** ONNX's operator set and file format, as onnxruntime 1.30 and its fusions know them. */
const opset = 18;
const irVersion = 9;
/** Constants from this size on (bytes) stay outside of the protocol buffer: the session takes them from memory. */
const externalFrom = 1024;

export interface SerializedModel {
  readonly bytes: Uint8Array;
  readonly externalData: { path: string; data: Uint8Array }[];
  /** Names of the inputs that the outputs depend on: a session accepts no others. */
  readonly inputs: ReadonlySet<string>;
}

/** The graph as an ONNX model that computes `outputs`; what they don't need is left out. */
export function serialize(graph: Graph, inputs: readonly Value[], outputs: readonly Value[]): SerializedModel {
  const { nodes, used } = needed(graph, outputs);
  const externalData: SerializedModel['externalData'] = [];
  const initializer: TensorProto[] = [];
  for (const [name, { value, data }] of graph.constants) {
    if (!used.has(name)) continue;
    const tensor: TensorProto = { name, dims: [...value.shape], dataType: elementTypes[value.dtype] };
    const bytes = bytesOf(data);
    const asShape = value.dtype === 'int64'; // shape inference reads those, and reads no external ones
    if (asShape || bytes.length < externalFrom) initializer.push({ ...tensor, rawData: bytes });
    else {
      externalData.push({ path: name, data: bytes });
      initializer.push({
        ...tensor,
        dataLocation: 1,
        externalData: [
          { key: 'location', value: name },
          { key: 'length', value: `${bytes.length}` },
        ],
      });
    }
  }
  const fed = inputs.filter((input) => used.has(input.name));
  const bytes = encodeModel({
    irVersion,
    opsetImport: [
      { domain: '', version: opset },
      { domain: 'com.microsoft', version: 1 },
      { domain: 'com.microsoft.nchwc', version: 1 },
    ],
    graph: { name: 'step', node: nodes.map(nodeOf), initializer, input: fed.map(infoOf), output: outputs.map(infoOf) },
  });
  return { bytes, externalData, inputs: new Set(fed.map((input) => input.name)) };
}

function needed(graph: Graph, outputs: readonly Value[]): { nodes: GraphNode[]; used: Set<string> } {
  const used = new Set(outputs.map((output) => output.name));
  const nodes: GraphNode[] = [];
  for (let i = graph.recorded.length - 1; i >= 0; i--) {
    const node = graph.recorded[i] as GraphNode;
    if (!node.outputs.some((name) => used.has(name))) continue;
    nodes.push(node);
    for (const name of node.inputs) used.add(name);
  }
  return { nodes: nodes.reverse(), used };
}

function nodeOf(node: GraphNode, index: number) {
  const dot = node.operator.lastIndexOf('.');
  return {
    name: `${node.operator}_${index}`,
    opType: node.operator.slice(dot + 1),
    domain: node.operator.slice(0, Math.max(0, dot)),
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, value]) => attributeOf(name, value)),
  };
}

/** AttributeProto.AttributeType: FLOAT 1, INT 2, STRING 3, FLOATS 6, INTS 7 */
function attributeOf(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return { name, type: 2, i: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: 1, f: value.float };
  if ('floats' in value) return { name, type: 6, floats: [...value.floats] };
  return { name, type: 7, ints: [...value] };
}

function infoOf({ name, shape, dtype }: Value): ValueInfoProto {
  return { name, type: { tensorType: { elemType: elementTypes[dtype], shape: { dim: shape.map((dimValue) => ({ dimValue })) } } } };
}

function bytesOf(data: ElementArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

import type { ComputeDevice } from '../../../protocol/runConfig';
import type { ProgramSpec, Step } from '../engine';
import './kernels';
import './layers';
import { bindFew } from './bindings';
import type { Graph, Layout, Value } from './graph';
import { type SerializedModel, serialize } from './model';
import { record } from './recorder';
import { State } from './state';
import { feedTables, type Table } from './tables';

/** A step as onnxruntime takes it. */
export interface Lowered {
  readonly graph: Graph;
  readonly model: SerializedModel;
  /** What the step returns, by name. */
  readonly outputs: ReadonlyMap<string, Value>;
  readonly state: State;
  /** Constants that are fed. */
  readonly tables: readonly Table[];
}

export interface LowerOptions {
  /** Another program's state, to be this one's too. */
  readonly shared?: State;
  /** Whether tables are fed where they lie, which costs nothing where a session takes memory as it is. */
  readonly feedsTables?: boolean;
}

/** @throws ThawError `engine.unsupported` naming what cannot be recorded, and what the step itself throws */
export function lower(
  step: Step,
  spec: ProgramSpec,
  layout: Layout,
  device: ComputeDevice,
  { shared, feedsTables = false }: LowerOptions = {},
): Lowered {
  const recording = record(step, spec, layout);
  const { graph } = recording;
  const outputs = new Map(
    [...recording.outputs].map(([name, value]) => [name, graph.output(value.dtype === 'bool' ? graph.cast(value, 'int32') : value)]),
  );
  const state = new State(recording, spec.state, shared);
  if (device !== 'cpu') bindFew(graph);
  const tables = feedsTables ? feedTables(graph) : [];
  const fed = [...recording.inputs.values(), ...tables.map(({ value }) => value), ...state.buffers.map(({ input }) => input)];
  const replaced = state.buffers.flatMap(({ output }) => output ?? []);
  return { graph, model: serialize(graph, fed, [...outputs.values(), ...replaced]), outputs, state, tables };
}

import type { ComputeDevice } from '../../../protocol/runConfig';
import type { ProgramSpec, Step } from '../engine';
import './kernels';
import './layers';
import { bindFew } from './bindings';
import type { Graph, Layout, Value } from './graph';
import { type SerializedModel, serialize } from './model';
import { record } from './recorder';
import { State } from './state';

/** A step as onnxruntime takes it. */
export interface Lowered {
  readonly graph: Graph;
  readonly model: SerializedModel;
  /** What the step returns, by name. */
  readonly outputs: ReadonlyMap<string, Value>;
  readonly state: State;
}

/** @param shared another program's state, to be this one's too. @throws ThawError `engine.unsupported` naming what cannot be recorded, and what the step itself throws */
export function lower(step: Step, spec: ProgramSpec, layout: Layout, device: ComputeDevice, shared?: State): Lowered {
  const recording = record(step, spec, layout);
  const { graph } = recording;
  const outputs = new Map(
    [...recording.outputs].map(([name, value]) => [name, graph.output(value.dtype === 'bool' ? graph.cast(value, 'int32') : value)]),
  );
  const state = new State(recording, spec.state, shared);
  if (device !== 'cpu') bindFew(graph);
  const fed = [...recording.inputs.values(), ...state.buffers.map(({ input }) => input)];
  const replaced = state.buffers.flatMap(({ output }) => output ?? []);
  return { graph, model: serialize(graph, fed, [...outputs.values(), ...replaced]), outputs, state };
}

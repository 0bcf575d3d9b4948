import * as l10n from '@vscode/l10n';
import type { ComputeDevice } from '../../../protocol/runConfig';
import type { Engine, EngineWarning, Program, ProgramSpec, Step } from '../engine';
import { failed } from './failures';
import type { Layout } from './graph';
import { lower } from './lower';
import type { OnnxRuntime, Ort } from './ort';
import { OnnxProgram } from './program';
import { sessionOptions } from './sessionOptions';

/** Threads have too little to share where no tensor has more elements: their handing over would cost more than the work. */
const smallGraph = 1 << 16;

/** Records steps as ONNX graphs and runs them in onnxruntime. */
export class OnnxEngine implements Engine {
  readonly name = 'onnx';
  private readonly programs = new Set<Program>();

  readonly version: string;
  readonly threads: number;
  readonly roughIsQuick: boolean;
  private readonly ort: Ort;

  constructor(
    { ort, version, threads, isNative }: OnnxRuntime,
    readonly device: ComputeDevice,
    private readonly layout: Layout,
    readonly warnings: readonly EngineWarning[],
  ) {
    this.ort = ort;
    this.version = version;
    this.threads = threads;
    this.roughIsQuick = isNative && device === 'cpu' && process.arch === 'x64'; // where it was measured
  }

  async compile(step: Step, spec: ProgramSpec): Promise<Program> {
    const shared = spec.sharing instanceof OnnxProgram ? spec.sharing.state : undefined;
    const { graph, model, outputs, state } = lower(step, spec, this.layout, this.device, shared);
    const options = sessionOptions(this.device, graph.largest <= smallGraph ? 1 : this.threads);
    const session = await this.ort.InferenceSession.create(model.bytes, {
      ...options,
      externalData: model.externalData,
      extra: {
        ...options.extra,
        // Without state, a step runs beside what prepares its inputs (decoding): threads that wait in a loop would take that its cores.
        ...(spec.state.size === 0 && { session: { intra_op: { allow_spinning: '0' } } }),
      },
    }).catch((error: unknown) => {
      throw failed(error, l10n.t('onnxruntime rejected the recorded step.'), this.device);
    });
    const program = new OnnxProgram(this.ort, session, this.device, state, spec.inputs, outputs);
    this.programs.add(program);
    return program;
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.programs].map((program) => program.dispose()));
    this.programs.clear();
  }
}

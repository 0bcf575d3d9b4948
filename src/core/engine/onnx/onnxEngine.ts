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
const smallGraph = 3 << 16;
/** Above, onnxruntime's plan of where tensors lie is left out: it gets room of its own beside that of the first run, as much again. */
const largeGraph = 1 << 21;

/** Records steps as ONNX graphs and runs them in onnxruntime. */
export class OnnxEngine implements Engine {
  readonly name = 'onnx';
  private readonly programs = new Set<Program>();

  readonly version: string;
  readonly threads: number;
  readonly roughIsQuick: boolean;
  private readonly ort: Ort;
  /** Whether sessions take what they are fed as it lies in memory. */
  private readonly takesMemory: boolean;

  constructor(
    { ort, version, threads, isNative }: OnnxRuntime,
    readonly device: ComputeDevice,
    private readonly layout: Layout,
    readonly warnings: readonly EngineWarning[],
  ) {
    this.ort = ort;
    this.version = version;
    this.threads = threads;
    this.takesMemory = isNative && device === 'cpu';
    this.roughIsQuick = isNative && device === 'cpu' && process.arch === 'x64'; // where it was measured
  }

  async compile(step: Step, spec: ProgramSpec): Promise<Program> {
    const shared = spec.sharing instanceof OnnxProgram ? spec.sharing.state : undefined;
    const options = { shared, feedsTables: this.takesMemory };
    const { graph, model, outputs, state, tables } = lower(step, spec, this.layout, this.device, options);
    const settings = sessionOptions(this.device, graph.largest <= smallGraph ? 1 : this.threads);
    const session = await this.ort.InferenceSession.create(model.bytes, {
      ...settings,
      ...(graph.largest > largeGraph && { enableMemPattern: false, enableCpuMemArena: !spec.lean }),
      externalData: model.externalData,
      extra: {
        ...settings.extra,
        // Threads wait for work in a loop, but not beyond a step: other programs and what prepares inputs want the cores. Without
        // state, a step runs beside that (decoding), so that they don't at all.
        session: { force_spinning_stop: '1', ...(spec.state.size === 0 && { intra_op: { allow_spinning: '0' } }) },
      },
    }).catch((error: unknown) => {
      throw failed(error, l10n.t('onnxruntime rejected the recorded step.'), this.device);
    });
    const program = new OnnxProgram(this.ort, session, this.device, state, spec.inputs, outputs, tables);
    this.programs.add(program);
    return program;
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.programs].map((program) => program.dispose()));
    this.programs.clear();
  }
}

import type { Engine, EngineWarning, Program, ProgramSpec, Step } from '../engine';
import { registerStockKernels } from '../stock';
import { StockProgram } from './program';
import { backendName, type TensorflowRuntime } from './runtime';

/** Runs steps as they are in TensorFlow: slower than a recorded graph, and computed by other hands. */
export class TensorflowEngine implements Engine {
  readonly name = 'tensorflow';
  readonly version: string;
  readonly threads: number;
  readonly device = 'cpu';
  readonly roughIsQuick = false;
  private readonly programs = new Set<Program>();

  constructor(
    { version, threads }: TensorflowRuntime,
    readonly warnings: readonly EngineWarning[],
  ) {
    this.version = version;
    this.threads = threads;
    registerStockKernels(backendName);
  }

  async compile(step: Step, spec: ProgramSpec): Promise<Program> {
    const program = new StockProgram(backendName, step, spec);
    program.rehearse();
    this.programs.add(program);
    return program;
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.programs].map((program) => program.dispose()));
    this.programs.clear();
  }
}

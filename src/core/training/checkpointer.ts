import * as l10n from '@vscode/l10n';
import { ThawError } from '../../protocol/failure';
import type { NamedTensors, TensorData } from '../engine/engine';
import type { RunFolder } from '../runs';
import { encodeSafetensors } from '../weights';
import type { Progress } from './progress';

export const checkpointFiles = { model: 'model.safetensors', optimizer: 'optimizer.safetensors' } as const;

/**
 * Writes checkpoints while training goes on: the bytes are copied at once, the disk gets them in the background. They hold
 * the tensors that have ever been free to change; the others are those that the run began from (see standing.ts).
 */
export class Checkpointer {
  private writing: Promise<void> = Promise.resolve();
  private failure: { error: unknown } | null = null;
  private last = performance.now();

  constructor(
    private readonly folder: RunFolder,
    /** Called once a checkpoint is whole on disk. */
    private readonly onWritten: (step: number, best: boolean) => void,
  ) {}

  /** Milliseconds since the last one was begun. */
  get age(): number {
    return performance.now() - this.last;
  }

  /**
   * Takes the run as it stands and begins to write it, once the one before is written.
   * @throws ThawError `training.diverged` rather than keep numbers that are not finite; what an earlier write failed with.
   */
  async begin(progress: Progress, tensors: NamedTensors, slots: NamedTensors): Promise<void> {
    await this.settle();
    const { step, best, touched } = progress;
    const changed = new Map(touched.map((name) => [name, tensors.get(name) as TensorData]));
    for (const values of [changed, slots]) requireFinite(values);
    this.last = performance.now();
    const files = new Map([
      [checkpointFiles.model, encodeSafetensors(changed)],
      [checkpointFiles.optimizer, encodeSafetensors(slots)],
    ]);
    const state = structuredClone({ ...progress, seq: this.folder.seq });
    this.writing = this.folder
      .writeCheckpoint(step, files, state, best?.step ?? null)
      .then(() => this.onWritten(step, best?.step === step))
      .catch((error: unknown) => {
        this.failure = { error };
      });
  }

  /** Waits for the disk. @throws what writing failed with. */
  async settle(): Promise<void> {
    await this.writing;
    this.check();
  }

  /** @throws what writing in the background failed with, if it has by now. */
  check(): void {
    if (this.failure) throw this.failure.error;
  }
}

function requireFinite(tensors: NamedTensors): void {
  for (const { data } of tensors.values()) for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) throw diverged();
}

export function diverged(): ThawError {
  return new ThawError(
    'training.diverged',
    l10n.t('The loss is no longer a finite number: training has diverged.'),
    l10n.t('Start again with a smaller learning rate. The last good checkpoint is kept.'),
  );
}

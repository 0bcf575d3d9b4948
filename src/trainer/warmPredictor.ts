import type { Predictor } from '../core/training';
import type { Answer } from '../protocol/report';
import { Pool } from './pool';

interface Input {
  readonly name: string;
  readonly source: string | Uint8Array;
  readonly pair?: string;
}

/** Keeps the model that was asked last, for the next picture tried on it. */
export class WarmPredictor {
  private loaded: { run: string; predictor: Predictor } | undefined;
  /** One at a time: a model is never disposed while it answers. */
  private readonly turn = new Pool(1);

  predict(run: string, input: Input): Promise<Answer> {
    return this.turn.run(async () => {
      const [answer] = await (await this.of(run)).predict([input]);
      if (!answer) throw new Error('The model gave no answer.');
      return answer;
    });
  }

  private async of(run: string): Promise<Predictor> {
    if (this.loaded?.run === run) return this.loaded.predictor;
    const { loadPredictor } = await import('../core/training');
    const { modelsFolder } = await import('../core/weights');
    const predictor = await loadPredictor(run, { modelsFolder: modelsFolder() });
    this.loaded?.predictor.dispose();
    this.loaded = { run, predictor };
    return predictor;
  }
}

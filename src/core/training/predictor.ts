import type { Answer } from '../../protocol/report';
import { decodePicture, prefetched } from '../data';
import { createEngine } from '../engine';
import { loadModel } from '../weights';
import { compileWhole } from './judging';
import { argMax, softmaxOf } from './metrics';

/** A trained model, ready to answer. */
export interface Predictor {
  readonly labels: readonly string[];
  /**
   * Answers one picture after the other.
   * @param inputs paths or bytes of picture files, and what to call them
   * @throws ThawError `data.unreadable` naming the first that cannot be decoded.
   */
  predict(inputs: readonly { readonly name: string; readonly source: string | Uint8Array }[]): Promise<Answer[]>;
  dispose(): Promise<void>;
}

/** Pictures that are decoded while another is computed. */
const decodedAhead = 4;

/**
 * Loads the model of a run, or of a model's own folder.
 * @throws ThawError `model.missing`, `model.corrupt`, `model.unsupported`, `engine.missing`.
 */
export async function loadPredictor(folder: string, { modelsFolder }: { readonly modelsFolder: string }): Promise<Predictor> {
  const [engine, loaded] = await Promise.all([createEngine('onnx', { threads: 0 }), loadModel(folder, { modelsFolder, seed: 0 })]);
  const { model, tensors } = loaded;
  const labels = loaded.labels ?? Array.from({ length: model.classes }, (_, i) => String(i));
  // One at a time, so that an answer does not depend on what else was asked.
  const { logits, dispose } = await compileWhole(engine, model, tensors, 1);
  return {
    labels,
    async predict(inputs) {
      const answers: Answer[] = [];
      const decode = (i: number) => decodePicture(inputs[i]?.source as string | Uint8Array, model.input, null);
      for await (const picture of prefetched(inputs.length, decode, decodedAhead)) {
        const shares = softmaxOf(await logits(picture));
        const probabilities = Object.fromEntries(labels.map((label, i) => [label, shares[i] as number]));
        answers.push({ input: inputs[answers.length]?.name as string, label: labels[argMax(shares)] as string, probabilities });
      }
      return answers;
    },
    async dispose() {
      await dispose();
      await engine.dispose();
    },
  };
}

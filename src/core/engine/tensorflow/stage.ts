import * as l10n from '@vscode/l10n';
import * as tf from '../tf';
import { unsupported } from './failures';

interface Stage {
  /** Lets a tensor live on. */
  keep(tensor: tf.Tensor): tf.Tensor;
  /** @throws ThawError `engine.unsupported` if a value was read, even where the error was hidden. */
  checkReads(): void;
}

/**
 * Runs `work` with the named backend and clears up, also after an error: no tensor of its own stays but what the stage is
 * told to keep. As in a recorded step, no value can be read: a step that reads one would not run on the other engine.
 */
export function staged(backendName: string, work: (stage: Stage) => void): void {
  const engine = tf.engine();
  const { backendName: before, read, readSync, keep } = engine;
  const variables = new Set(Object.keys(engine.state.registeredVariables));
  const leftovers: tf.Tensor[] = [];
  let refusal: unknown;
  const refuse = () => {
    refusal ??= unsupported(
      l10n.t('A step reads the values of a tensor (data, dataSync, arraySync, print), which it does not have while it is recorded.'),
    );
    return refusal;
  };
  const checkReads = () => {
    if (refusal) throw refusal;
  };
  engine.readSync = () => {
    throw refuse();
  };
  engine.read = () => {
    refuse();
    return new Promise(() => {}); // the step has failed by then, and nobody waits for it
  };
  engine.keep = (tensor) => {
    leftovers.push(tensor); // tfjs itself keeps what gradients need, and forgets it when the pass breaks off
    keep.call(engine, tensor);
    return tensor;
  };
  void tf.setBackend(backendName); // takes effect at once: the backend is there
  try {
    tf.tidy(() => work({ keep: (tensor) => keep.call(engine, tensor), checkReads }));
  } catch (error) {
    throw refusal ?? error;
  } finally {
    Object.assign(engine, { read, readSync, keep });
    for (const tensor of leftovers) tensor.dispose();
    for (const [name, variable] of Object.entries(engine.state.registeredVariables)) if (!variables.has(name)) variable.dispose();
    if (before) void tf.setBackend(before);
  }
}

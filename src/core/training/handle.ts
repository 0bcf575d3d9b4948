import { type RunEvent, type RunEventBody, type RunState, stateAfter } from '../../protocol/events';
import { asFailure } from '../../protocol/failure';
import type { Rules } from '../../protocol/rules';
import { TensorBoardLog } from '../runs/tensorboard';
import { conclude } from './conclude';
import { Ending } from './control';
import { Training, type TrainingSpec } from './run';
import { select } from './selection';

/** A run that trains in this process. */
export interface RunHandle {
  /** Absolute path of the run folder. */
  readonly folder: string;
  /** The last event: finished, stopped, failed, or paused (idle). Never rejects. */
  readonly done: Promise<RunEvent>;
  readonly state: RunState;
  /** Waits at the next step with a checkpoint on disk, until `continue`. */
  pause(): void;
  continue(): void;
  /** Ends at the next step, keeping the best model so far. */
  stop(): void;
  /** Ends at the next step with a checkpoint, to be resumed another day: the `paused` event with reason idle. */
  checkpointAndEnd(): void;
  /** New rules from the next step on. @throws ThawError `config.invalid` where they name no layer or nothing would learn. */
  freeze(rules: Rules): void;
}

export interface StartSpec extends Omit<TrainingSpec, 'say'> {
  readonly first: readonly RunEventBody[];
  onEvent(event: RunEvent): void;
}

/** Says the first events and sets the run going. */
export function start({ first, onEvent, ...spec }: StartSpec): RunHandle {
  const { folder } = spec;
  let state: RunState = 'preparing';
  const board = new TensorBoardLog(folder.path, folder.events());
  const tell = (event: RunEvent): RunEvent => {
    state = stateAfter(state, event);
    onEvent(event);
    return event;
  };
  const say = (body: RunEventBody): RunEvent => {
    const event = folder.append(body);
    board.add(event);
    return tell(event);
  };
  for (const body of first) say(body);
  const training = new Training({ ...spec, say });

  /** The folder may be what failed: those who listen hear of it in any case. */
  const fail = async (error: unknown): Promise<RunEvent> => {
    await training.settle().catch(() => {}); // a good checkpoint may still be on its way
    const body = { type: 'failed', error: asFailure(error) } as const;
    try {
      return say(body);
    } catch {
      return tell({ seq: folder.seq + 1, time: Date.now(), ...body });
    }
  };
  const close = async () => {
    await training.dispose().catch(() => {});
    await spec.engine.dispose().catch(() => {});
    board.close();
    folder.close();
  };
  const done = drive(training, say)
    .catch(fail)
    .then(async (last) => {
      await close();
      return last;
    });
  return {
    folder: folder.path,
    done,
    get state() {
      return state;
    },
    pause: () => training.control.pause(),
    continue: () => training.control.continue(),
    stop: () => training.control.end('stop'),
    checkpointAndEnd: () => training.control.end('idle'),
    freeze: (rules) => {
      select(spec.subject.model, rules);
      training.control.setRules(rules);
    },
  };
}

async function drive(training: Training, say: (body: RunEventBody) => RunEvent): Promise<RunEvent> {
  try {
    await training.learn();
  } catch (error) {
    if (!(error instanceof Ending)) throw error;
    await training.checkpoint();
    await training.settle();
    if (error.kind === 'stop') return say(await conclude(training, 'stopped'));
    return say({ type: 'paused', step: training.spec.at.step, reason: 'idle' });
  }
  return say(await conclude(training, 'finished'));
}

import { argMax, mul, reshape, sum, type Tensor } from '@tensorflow/tfjs-core';
import type { OptimizerConfig } from '../../protocol/runConfig';
import type { Step, Tensors } from '../engine/engine';
import { adamW, addGradients, clipByGlobalNorm, meanGradients, sgd, softmaxCrossEntropy, valueAndGradients } from '../engine/ops';
import { dropoutUnder, forwardAll, type Module, type Scope } from '../nn';
import { type AgeGroup, slotName } from './slots';

/** `beside.mask`: the name of a program's input that goes beside x. */
export function besideName(name: string): string {
  return `beside.${name}`;
}

/** Looks names up in several maps of tensors, the first that has it. */
function scopeOver(maps: readonly Tensors[], inputs: Tensors): Scope {
  return {
    tensor: (name) => {
      for (const map of maps) if (map[name]) return map[name];
      throw new Error(`The program lacks the tensor ${name}`);
    },
    beside: (name) => inputs[besideName(name)],
    learns: () => false,
    training: false,
    update: (name) => {
      throw new Error(`${name} moved outside of training`);
    },
  };
}

/** What a model's answers are: logits of classes [B, K], or of a vocabulary at every place [B, T, K] → one row each [N, K]. */
function rowsOf(logits: Tensor): Tensor {
  return logits.rank === 2 ? logits : reshape(logits, [-1, logits.shape.at(-1) as number]);
}

/**
 * Modules in inference mode that tell tokens. Input `x` [B, …], `beside.*`, `labels` int32 [B, T] → outputs `losses` [B·T],
 * cross-entropies in nats, and `predicted` int32 [B·T]: so the logits of a whole vocabulary never leave the engine.
 */
export function tokenStep(modules: readonly Module[]): Step {
  return ({ state, constants, inputs }) => {
    const logits = rowsOf(forwardAll(modules, inputs.x as Tensor, scopeOver([state, constants], inputs)));
    const losses = softmaxCrossEntropy(logits, flatten(inputs.labels as Tensor), 0);
    return { outputs: { losses, predicted: argMax(logits, 1) } };
  };
}

/** Modules in inference mode. Input `x` [B, …], and `beside.*` → output `y` [B, …]. */
export function inferenceStep(modules: readonly Module[]): Step {
  return ({ state, constants, inputs }) => ({
    outputs: { y: forwardAll(modules, inputs.x as Tensor, scopeOver([state, constants], inputs)) },
  });
}

export interface TrainingStepSpec {
  /** The part of the model's chain from which on something learns. */
  readonly modules: readonly Module[];
  /** Parameters that learn, grouped by how many updates they have had. */
  readonly groups: readonly AgeGroup[];
  /** Parameters with weight decay. */
  readonly decayed: ReadonlySet<string>;
  readonly optimizer: OptimizerConfig;
  readonly labelSmoothing: number;
  /** Largest norm of all gradients together; 0 for any. */
  readonly gradientClipping: number;
}

/**
 * One step of learning.
 *
 * Inputs: `x` [B, …], `beside.*`, `labels` int32 [B] or [B, T], `weights` as the labels (of sum 1 as a rule; 0 leaves one out),
 * `dropout` int32 [2] (see engine/ops/dropout), `learningRate` [], and for AdamW `correction1.i`, `correction2.i` [] for each
 * group (1 − β^t with t the group's own count of updates).
 * Outputs: `loss` [] = Σ wᵢ lᵢ with label smoothing, `predicted` int32, one for each label.
 */
export function trainingStep(spec: TrainingStepSpec): Step {
  return (given) => {
    const { outputs, moved, gradients } = learn(spec, given);
    return { outputs, state: { ...moved, ...updated(spec, given, gradients) } };
  };
}

/**
 * The first part of an update that is made from several batches: adds the gradients of one to `sum:*`. Inputs and outputs as
 * of `trainingStep`, without what the optimizer takes, and the weights are as they are, divided by nothing.
 */
export function addingStep(spec: TrainingStepSpec): Step {
  return (given) => {
    const { outputs, moved, gradients } = learn(spec, given);
    const names = Object.keys(gradients);
    return { outputs, state: { ...moved, ...renamed(sumKind, addGradients(slotsOf(given.state, sumKind, names), gradients)) } };
  };
}

/** The second part: one update by the mean. Inputs: `weight` [] (of all that was added), and what the optimizer takes. */
export function applyingStep(spec: TrainingStepSpec): Step {
  const names = spec.groups.flatMap((group) => group.names);
  return (given) => {
    const { gradients, sums } = meanGradients(slotsOf(given.state, sumKind, names), given.inputs.weight as Tensor);
    return { outputs: {}, state: { ...updated(spec, given, gradients), ...renamed(sumKind, sums) } };
  };
}

/** Of gradients that wait for their update. */
export const sumKind = 'sum';

type Given = Parameters<Step>[0];

/** Forward and back. `moved`: statistics. */
function learn({ modules, groups, labelSmoothing }: TrainingStepSpec, { state, constants, inputs }: Given) {
  const learning = new Set(groups.flatMap((group) => group.names));
  const { x, labels, weights, dropout } = inputs as Record<'x' | 'labels' | 'weights' | 'dropout', Tensor>;
  const { loss, aux, gradients } = valueAndGradients(
    (parameters) => {
      const moved: Record<string, Tensor> = {};
      const scope: Scope = {
        ...scopeOver([parameters, state, constants], inputs),
        learns: (name) => learning.has(name),
        training: true,
        dropout: dropoutUnder(dropout),
        update: (name, value) => {
          moved[name] = value;
        },
      };
      const logits = rowsOf(forwardAll(modules, x, scope));
      const losses = softmaxCrossEntropy(logits, flatten(labels), labelSmoothing);
      return { loss: sum(mul(losses, flatten(weights))), aux: { ...moved, logits } };
    },
    pick(state, learning),
  );
  const { logits, ...moved } = aux;
  return { outputs: { loss, predicted: argMax(logits as Tensor, 1) }, moved, gradients };
}

/** What parameters and slots become. */
function updated(spec: TrainingStepSpec, { state, inputs }: Given, given: Tensors): Tensors {
  const { groups, decayed, optimizer, gradientClipping } = spec;
  const learningRate = inputs.learningRate as Tensor;
  const gradients = gradientClipping > 0 ? clipByGlobalNorm(given, gradientClipping).gradients : given;
  const parts = groups.map(({ names }, group): Tensors => {
    const own = { parameters: pick(state, names), gradients: pick(gradients, names), decayed };
    const slots = (kind: string) => slotsOf(state, kind, names);
    if (optimizer.name === 'sgd') {
      const { parameters, momentum } = sgd(
        { ...own, momentum: slots('momentum') },
        { learningRate, momentum: optimizer.momentum, weightDecay: optimizer.weightDecay },
      );
      return { ...parameters, ...renamed('momentum', momentum) };
    }
    const { beta1, beta2, epsilon, weightDecay } = optimizer;
    const correction1 = inputs[`correction1.${group}`] as Tensor;
    const correction2 = inputs[`correction2.${group}`] as Tensor;
    const rates = { learningRate, correction1, correction2, beta1, beta2, epsilon, weightDecay };
    const { parameters, m, v } = adamW({ ...own, m: slots('m'), v: slots('v') }, rates);
    return { ...parameters, ...renamed('m', m), ...renamed('v', v) };
  });
  return Object.assign({}, ...parts) as Tensors;
}

function slotsOf(state: Tensors, kind: string, names: readonly string[]): Record<string, Tensor> {
  return Object.fromEntries(names.map((name) => [name, state[slotName(kind, name)] as Tensor]));
}

const flatten = (x: Tensor) => (x.rank === 1 ? x : reshape(x, [-1]));

function pick(from: Tensors, names: Iterable<string>): Record<string, Tensor> {
  return Object.fromEntries([...names].map((name) => [name, from[name] as Tensor]));
}

function renamed(kind: string, values: Tensors): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [slotName(kind, name), value]));
}

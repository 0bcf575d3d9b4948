import type { Tensor } from '@tensorflow/tfjs-core';
import * as l10n from '@vscode/l10n';
import type { Sides } from '../../engine/ops/geometry';
import { Module, type Scope, type Shape } from '../../nn';
import { type KerasGraph, type KerasLayer, keyOf, valueName } from './graph';
import { type About, KerasModule, refused } from './layer';
import { kindOf } from './layers';
import { Convolution } from './layers/convolution';
import { ZeroPadding2D } from './layers/geometry';
import type { Layout } from './layout';

/** One application of a layer. Inputs are positions in the list of calls; −1 is what goes into the list. */
interface Call {
  readonly module: KerasModule;
  readonly inputs: readonly number[];
  readonly shape: Shape;
  /** Of a convolution: zeros that it puts around the maps itself, in place of the layer before it, which then gives them as they are. */
  readonly pads?: Sides;
  readonly isTakenOver?: boolean;
}

const source = -1;

/** Walks calls in order: each finds its inputs done. The last one's value is the result. */
function walk(calls: readonly Call[], x: Tensor, scope: Scope): Tensor {
  const values: Tensor[] = [];
  for (const { module, inputs, pads, isTakenOver } of calls) {
    const given = inputs.map((i) => (i === source ? x : (values[i] as Tensor)));
    const [first] = given as [Tensor];
    if (isTakenOver) values.push(first);
    else if (pads && module instanceof Convolution) values.push(module.applyPadded(first, pads, scope));
    else values.push(module.apply(given, scope));
  }
  return values.at(-1) ?? x;
}

function walkShapes(calls: readonly Call[], input: Shape): Shape[] {
  const shapes: Shape[] = [];
  for (const { module, inputs } of calls) shapes.push(module.shapeOf(inputs.map((i) => (i === source ? input : (shapes[i] as Shape)))));
  return shapes;
}

/** A convolution pads for itself where it is all that a padding layer leads to: that costs nothing. */
function withoutPads(calls: readonly Call[]): Call[] {
  const result = [...calls];
  calls.forEach((call, i) => {
    const consumers = calls.flatMap(({ inputs }, j) => (inputs.includes(i) ? [j] : []));
    const [j] = consumers;
    const next = j === undefined ? undefined : result[j];
    if (!(call.module instanceof ZeroPadding2D) || consumers.length !== 1 || j === undefined || !next) return;
    if (!(next.module instanceof Convolution && next.module.isValid)) return;
    result[i] = { ...call, isTakenOver: true };
    result[j] = { ...next, pads: call.module.pads };
  });
  return result;
}

/** What each child sees where it is first applied; of several values, the first. */
function inputsOf(children: Module['children'], calls: readonly Call[], input: Shape): Shape[] {
  const shapes = walkShapes(calls, input);
  return children.map(([, child]) => {
    const first = calls.find(({ module }) => module === child)?.inputs[0] ?? source;
    return first === source ? input : (shapes[first] as Shape);
  });
}

/** A Keras model, or one inside of another: its layers are its children, by name, and its forward pass walks the graph. */
export class KerasNetwork extends KerasModule {
  readonly type: string;
  readonly calls: readonly Call[];
  private readonly names = new Map<Module, string>();

  /** @throws ThawError `model.unsupported` naming the layer; `path` is that of the layers around it, with a slash. */
  constructor(
    readonly graph: KerasGraph,
    input: Shape,
    layout: Layout,
    type = 'Keras model',
    path = '',
  ) {
    super([input]);
    this.type = type;
    this.calls = withoutPads(this.build(ordered(graph, path), input, layout, path));
  }

  private build(order: readonly Application[], input: Shape, layout: Layout, path: string): Call[] {
    const positions = new Map<string, number>();
    const modules = new Map<KerasLayer, KerasModule>();
    const calls: Call[] = [];
    for (const { layer, call } of order) {
      const value = valueName(layer.name, call);
      if (layer.type === 'InputLayer') {
        positions.set(value, source);
        continue;
      }
      const inputs = (layer.calls[call] as readonly string[]).map((name) => positions.get(name) as number);
      const shapes = inputs.map((i) => (i === source ? input : (calls[i] as Call).shape));
      const known = modules.get(layer);
      const module = known ?? moduleOf(layer, { ...layout, inputs: shapes, type: layer.type, path: `${path}${layer.name}` });
      if (!known) {
        modules.set(layer, module);
        this.names.set(module, layer.name);
        this.child(this.freeKey(keyOf(layer.name)), module);
      }
      positions.set(value, calls.length);
      calls.push({ module, inputs, shape: module.shapeOf(shapes) });
    }
    return calls;
  }

  /** Keras's name of a child. */
  nameOfLayer(child: Module): string {
    return this.names.get(child) as string;
  }

  /** Two names may become the same key. */
  private freeKey(key: string): string {
    const taken = new Set(this.children.map(([other]) => other));
    let free = key;
    for (let i = 2; taken.has(free); i++) free = `${key}_${i}`;
    return free;
  }

  override apply([x]: readonly Tensor[], scope: Scope): Tensor {
    return walk(this.calls, x as Tensor, scope);
  }

  override shapeOf([input]: readonly Shape[]): Shape {
    return walkShapes(this.calls, input as Shape).at(-1) ?? (input as Shape);
  }

  override childInputs(input: Shape): Shape[] {
    return inputsOf(this.children, this.calls, input);
  }

  /**
   * The forward pass as a chain: cut wherever all that follows goes through one value. What lies between two cuts and is
   * more than one layer becomes one link; a model inside, where it is such a link, is cut further.
   */
  chain(): Module[] {
    const lastUse = this.calls.map((_, i) => i);
    this.calls.forEach(({ inputs }, i) => {
      for (const input of inputs) if (input !== source) lastUse[input] = i;
    });
    let sourceUse = -1;
    this.calls.forEach(({ inputs }, i) => {
      if (inputs.includes(source)) sourceUse = i;
    });
    const links: Module[] = [];
    let from = 0;
    // How far the values from before this call are still wanted.
    let wanted = sourceUse;
    for (let i = 0; i < this.calls.length; i++) {
      if (wanted <= i && !this.calls[i]?.isTakenOver) {
        links.push(...this.link(from, i + 1));
        from = i + 1;
      }
      wanted = Math.max(wanted, lastUse[i] as number);
    }
    return links;
  }

  private link(from: number, to: number): Module[] {
    const calls = this.calls.slice(from, to);
    const [only] = calls;
    if (only && calls.length === 1 && only.inputs.length === 1)
      return only.module instanceof KerasNetwork ? only.module.chain() : [only.module];
    return [new Link(calls.map((call) => ({ ...call, inputs: call.inputs.map((i) => (i < from ? source : i - from)) })))];
  }
}

/** Several layers as one link of a chain. It is no part of the tree: its children have their paths from there. */
export class Link extends Module {
  readonly type = 'Link';

  constructor(private readonly calls: readonly Call[]) {
    super();
    for (const module of new Set(calls.map((call) => call.module))) this.child(module.path, module);
  }

  override forward(x: Tensor, scope: Scope): Tensor {
    return walk(this.calls, x, scope);
  }

  override outputShape(input: Shape): Shape {
    return walkShapes(this.calls, input).at(-1) as Shape;
  }

  override childInputs(input: Shape): Shape[] {
    return inputsOf(this.children, this.calls, input);
  }
}

function moduleOf(layer: KerasLayer, about: About): KerasModule {
  if (layer.graph) {
    const [input] = about.inputs;
    if (!input || about.inputs.length !== 1) throw refused(about, l10n.t('it takes {0} inputs', about.inputs.length));
    return new KerasNetwork(layer.graph, input, about, layer.type, `${about.path}/`);
  }
  const kind = kindOf(layer.type, about.path);
  const config = kind.config.safeParse(layer.config);
  if (!config.success) {
    const [issue] = config.error.issues;
    throw refused(about, l10n.t('its setting "{0}": {1}', issue?.path.join('.') ?? '', issue?.message ?? ''));
  }
  return kind.build(config.data, about);
}

interface Application {
  readonly layer: KerasLayer;
  readonly call: number;
}

/** What leads to the output, each after its inputs, otherwise in the order of the graph. */
function ordered({ layers, output, name }: KerasGraph, path: string): Application[] {
  const known = new Map<string, Application>();
  for (const layer of layers) layer.calls.forEach((_, call) => void known.set(valueName(layer.name, call), { layer, call }));
  const order: Application[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const damaged = (what: string) => refused({ path: `${path}${name}`, type: 'Functional' }, what);
  // No recursion: a graph may be thousands of layers deep.
  const stack = [output];
  while (stack.length > 0) {
    const value = stack.at(-1) as string;
    const application = known.get(value);
    if (!application) throw damaged(l10n.t('the value "{0}" comes from nowhere', value));
    if (state.get(value) === undefined) {
      state.set(value, 'open');
      const inputs = application.layer.calls[application.call] as readonly string[];
      if (inputs.some((input) => state.get(input) === 'open')) throw damaged(l10n.t('the layer "{0}" needs its own result', value));
      const missing = inputs.filter((input) => state.get(input) === undefined);
      stack.push(...missing.reverse());
      if (missing.length > 0) continue;
    }
    stack.pop();
    if (state.get(value) === 'done') continue;
    state.set(value, 'done');
    order.push(application);
  }
  return order;
}

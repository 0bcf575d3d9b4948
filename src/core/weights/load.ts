import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import type { ModelFacts } from '../../protocol/assistant';
import type { TensorData } from '../engine/engine';
import { buildModel, type ImageModel, isInHead, type LoadedModel } from '../models';
import { initialTensors, tensorsOf } from '../nn';
import { adaptTree, classesIn, type Fitted, fit, notOfBase, withAdapter } from './adapter/fit';
import { type Naming, ownNames, pictureNaming } from './adapter/naming';
import { labelsOf, readAdapter } from './adapter/read';
import { type Checkpoint, checkedNames, itself, openCheckpoint, type Sources } from './checkpoint';
import { corrupt } from './corrupt';
import { dataOf, idOf, licenceName, loraIn, parametersOf, sizeOf } from './facts';
import { notFinite, notFiniteMessage } from './finite';
import { openKeras } from './keras/open';
import { type Located, locate, type Places } from './locate';
import { weightsFile } from './weightFiles';

export interface ModelOptions extends Places {
  /** Size of the head; absent: the checkpoint's own, its head kept. */
  readonly classes?: number;
  /** The head is kept too where the checkpoint has these labels in this order. */
  readonly labels?: readonly string[];
  /** Side of the square input, pixels; absent: the model's own. */
  readonly imageSize?: number;
  /** An adapter stays beside the weights and may learn on; absent: it is merged into them. */
  readonly keepsAdapter?: boolean;
}

export interface DescribedModel {
  readonly facts: ModelFacts;
  readonly model: ImageModel;
  /** The checkpoint's labels; null where it says none. */
  readonly labels: readonly string[] | null;
  /** How the files that it comes from call its tensors. */
  readonly naming: Naming;
  /** Names of the tensors that are not theirs: they are drawn, or an adapter brings them. */
  readonly drawn: ReadonlySet<string>;
}

interface Plan extends DescribedModel {
  readonly checkpoint: Checkpoint | null;
  readonly sources: Sources;
  readonly fitted: Fitted | null;
}

/** Classes of a model from scratch where nobody says how many. */
const fewestClasses = 2;

/**
 * A model's tree and facts from its config and the header of its weights, which are not read.
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function describeModel(id: string, options: ModelOptions): Promise<DescribedModel> {
  const { facts, model, labels, naming, drawn, fitted } = await planOf(id, options);
  if (fitted && options.keepsAdapter) await adaptTree(fitted);
  return { facts, model, labels, naming, drawn: notOfBase(drawn, fitted) };
}

/**
 * A model with its values: those of the checkpoint, or drawn from the seed where it learns from scratch. A new head is
 * drawn from the seed too, unless the checkpoint's is kept (see ModelOptions).
 * @throws ThawError `model.missing` | `model.corrupt` | `model.unsupported`
 */
export async function loadModel(
  id: string,
  options: ModelOptions & { readonly seed: number },
): Promise<LoadedModel & Pick<DescribedModel, 'naming'>> {
  const { checkpoint, sources, fitted, ...described } = await planOf(id, options);
  const { model, drawn: isNew } = described;
  if (!checkpoint) return { ...described, tensors: initialTensors(model.root, options.seed), sha256: null };

  const wanted = new Set([...sources].filter(([ours]) => !isNew.has(ours)).flatMap(([, theirs]) => theirs));
  const files = [...checkpoint.weights.files, ...(fitted?.adapter.weights.files ?? [])];
  const [read, sha256] = await Promise.all([checkpoint.weights.read((name) => wanted.has(name)), hashOf(files)]);
  const bad = notFinite(read);
  if (bad !== null) throw corrupt(checkpoint.weights.files[0] as string, notFiniteMessage(bad));
  const drawn = initialTensors(model.root, options.seed, (name) => isNew.has(name));
  const tensors = new Map<string, TensorData>();
  for (const { name, shape } of tensorsOf(model.root)) {
    const parts = (sources.get(name) ?? []).map((theirs) => read.get(theirs) as TensorData);
    tensors.set(name, drawn.get(name) ?? fittedParts(parts, name, shape, model));
  }
  if (!fitted) return { ...described, tensors, sha256 };
  const whole = await withAdapter(fitted, tensors, model, options.keepsAdapter);
  return { ...described, drawn: notOfBase(described.drawn, fitted), tensors: whole, sha256 };
}

async function planOf(id: string, { classes, labels, imageSize, keepsAdapter: _, ...places }: ModelOptions): Promise<Plan> {
  const located = await locate(id, places);
  const size = imageSize === undefined ? {} : { size: imageSize };
  if (located.source === 'scratch') {
    const model = buildModel({ architecture: located.architecture, classes: classes ?? fewestClasses, input: size });
    const drawn = new Set([...tensorsOf(model.root)].map(({ name }) => name));
    const nothing = { labels: null, checkpoint: null, sources: new Map(), fitted: null, naming: ownNames };
    return { facts: await factsOf(id, located, model), model, drawn, ...nothing };
  }
  const checkpoint = await opened(located);
  const { spec, rename } = checkpoint;
  const own = buildModel(spec, path.join(checkpoint.folder, 'config.json'));
  const adapter = located.adapter === undefined ? null : await readAdapter(located.adapter);
  const placing = rename === itself ? ownNames.placing : pictureNaming(own.family, rename).placing;
  const brought = adapter && classesIn(adapter, own, placing);
  const found = adapter && brought !== null ? labelsOf(adapter, brought, checkpoint.labels) : checkpoint.labels;
  const ownClasses = brought ?? spec.classes;
  const isSameHead = classes === undefined || (classes === ownClasses && labels !== undefined && isSame(labels, found));
  const keepsHead = isSameHead && brought === null && checkpoint.hasHead !== false;
  const sources = await checkedNames(checkpoint, own, !keepsHead);
  const model = buildModel({ ...spec, classes: classes ?? ownClasses, input: { ...spec.input, ...size } });
  const naming = rename === itself ? ownNames : pictureNaming(model.family, rename, sources);
  const fitted = adapter && fit(adapter, model, { placing, title: model.title, keepsHead: isSameHead });
  const all = [...tensorsOf(model.root)].map(({ name }) => name);
  const drawn = new Set(all.filter((name) => !keepsHead && isInHead(model, name)));
  return { facts: await factsOf(id, located, model, checkpoint), model, labels: found, checkpoint, sources, fitted, naming, drawn };
}

function opened(located: Exclude<Located, { source: 'scratch' }>): Promise<Checkpoint> {
  if ('keras' in located) return openKeras(located.keras);
  if ('file' in located) return openCheckpoint(located.folder, weightsFile(located.file));
  return openCheckpoint(located.folder, located.source === 'hub' ? located.weights : undefined);
}

/** The parts of a tensor put together, and made to fit another size of pictures where the model says how. */
function fittedParts(parts: readonly TensorData[], name: string, shape: readonly number[], model: ImageModel): TensorData {
  const [first] = parts as [TensorData];
  const whole = parts.length === 1 ? first : joined(parts);
  return whole.shape.join() === shape.join() ? whole : (model.refit?.(name, whole) ?? whole);
}

/** [a, …], [b, …] → [a + b, …] */
function joined(parts: readonly TensorData[]): TensorData {
  const [first] = parts as [TensorData];
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { dtype: 'float32', shape: [parts.reduce((sum, part) => sum + (part.shape[0] as number), 0), ...first.shape.slice(1)], data };
}

function isSame(a: readonly string[], b: readonly string[] | null): boolean {
  return b !== null && a.length === b.length && a.every((label, i) => label === b[i]);
}

async function factsOf(id: string, located: Located, model: ImageModel, checkpoint?: Checkpoint): Promise<ModelFacts> {
  const learnedFrom = located.source === 'run' ? await dataOf(located.run) : null;
  return {
    id: idOf(id, located),
    title: [learnedFrom, model.title, ...(located.adapter === undefined ? [] : [path.basename(located.adapter)])]
      .filter((part) => part !== null)
      .join(' · '),
    family: model.family,
    task: 'image-classification',
    parameters: parametersOf(model.root),
    bytes: located.source === 'hub' ? located.bytes : await sizeOf(checkpoint?.weights.files ?? []),
    source: located.source,
    licence: licenceName(checkpoint?.spec.licence || ('licence' in located ? located.licence : '')),
    imageSize: model.input.size,
    ...(await loraIn(located)),
    pretrainedOn: learnedFrom ?? (/in1k/.test(checkpoint?.spec.tag ?? '') ? 'ImageNet' : ''),
  };
}

/** Of the files one after another. */
export async function hashOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createEngine, type Engine, type NamedTensors } from '../../../../src/core/engine';
import { buildModel, type ImageModel } from '../../../../src/core/models';
import { type KerasGraph, KerasModule } from '../../../../src/core/models/keras';
import { initialTensors, type Module, tensorsOf } from '../../../../src/core/nn';
import { loadModel, saveModel } from '../../../../src/core/weights';
import { distance, logitsOf } from '../../models/compute';
import { byFormula, wave } from '../../models/fixtures';
import { randomGraph } from '../../models/keras/randomGraph';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-graphs-'));
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine('onnx', { threads: 1, layout: 'portable' });
});
afterAll(async () => {
  await engine.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const images = wave([1, 3, 8, 8]);
const logits = async (model: Pick<ImageModel, 'chain'>, tensors: NamedTensors) =>
  (await logitsOf(engine, model, tensors, images, [1, 3, 8, 8])).data;

/** Values away from their defaults, running variances above zero. */
function drawn(model: ImageModel): NamedTensors {
  const tensors = byFormula(tensorsOf(model.root));
  for (const [name, { data }] of tensors)
    if (/variance$/.test(name)) for (let i = 0; i < data.length; i++) data[i] = 1 + 0.5 * (data[i] as number);
  return tensors;
}

const asKeras2 = (graph: KerasGraph): unknown => ({
  class_name: 'Functional',
  config: {
    name: graph.name,
    layers: graph.layers.map(({ name, type, config, calls, graph: inner }) => {
      const { shape, ...settings } = config as { shape?: number[] };
      const inbound_nodes =
        type === 'InputLayer'
          ? []
          : calls.map((inputs) => inputs.map((value) => [value.split(':')[0], Number(value.split(':')[1] ?? 0), 0, {}]));
      if (inner) return { ...(asKeras2({ ...inner, name }) as object), name, inbound_nodes };
      return {
        class_name: type,
        name,
        config: { name, ...settings, ...(shape && { batch_input_shape: [null, ...shape] }) },
        inbound_nodes,
      };
    }),
    input_layers: [['picture', 0, 0]],
    output_layers: [[graph.output.split(':')[0], Number(graph.output.split(':')[1] ?? 0), 0]],
  },
});

/** Writes a model.json with its shard: our values put back into Keras's order, in the order of the tree. */
function writeTfjs(graph: KerasGraph, model: ImageModel, tensors: NamedTensors): string {
  const weights: { name: string; shape: readonly number[]; dtype: 'float32' }[] = [];
  const parts: Uint8Array[] = [];
  const visit = (module: Module) => {
    for (const { key, kerasShape, order } of module instanceof KerasModule ? module.variables : []) {
      const data = tensors.get(module.nameOf(key))?.data as Float32Array;
      const there = order ? putBack(data, kerasShape, order) : data;
      weights.push({ name: `${module.path.replaceAll('.', '/')}/${key}`, shape: kerasShape, dtype: 'float32' });
      parts.push(new Uint8Array(there.buffer, there.byteOffset, there.byteLength));
    }
    for (const [, child] of module.children) visit(child);
  };
  visit(model.root);
  const made = mkdtempSync(path.join(folder, 'tfjs-'));
  writeFileSync(path.join(made, 'weights.bin'), Buffer.concat(parts));
  writeFileSync(
    path.join(made, 'model.json'),
    JSON.stringify({ modelTopology: asKeras2(graph), weightsManifest: [{ paths: ['weights.bin'], weights }] }),
  );
  return made;
}

/** Where axis i of ours is axis order[i] of Keras's. */
function putBack(data: Float32Array, kerasShape: readonly number[], order: readonly number[]): Float32Array {
  const sides = order.map((axis) => kerasShape[axis] as number);
  const result = new Float32Array(data.length);
  data.forEach((value, i) => {
    let rest = i;
    const at = new Array<number>(sides.length);
    for (let axis = sides.length - 1; axis >= 0; axis--) {
      at[order[axis] as number] = rest % (sides[axis] as number);
      rest = Math.floor(rest / (sides[axis] as number));
    }
    result[at.reduce((index, position, axis) => index * (kerasShape[axis] as number) + position, 0)] = value;
  });
  return result;
}

const values = (tensors: NamedTensors) => [...tensors].map(([name, { shape, data }]) => [name, shape.join(), Array.from(data)] as const);

it('random graphs come back from a model.json and from a saved run, and a chain computes what its graph does', async () => {
  await fc.assert(
    fc.asyncProperty(randomGraph, async (graph) => {
      const model = buildModel({ architecture: 'keras', keras: graph, classes: 3 });
      const tensors = drawn(model);
      const answer = await logits(model, tensors);
      // The chain is the root's forward pass in pieces, and says its shapes as they are.
      expect(distance(await logits({ chain: [model.root] }, tensors), answer)).toBeLessThan(1e-5);
      let shape: readonly number[] = [3, 8, 8];
      for (const [i, link] of model.chain.entries()) {
        shape = link.outputShape(shape);
        const { shape: found } = await logitsOf(engine, { chain: model.chain.slice(0, i + 1) }, tensors, images, [1, 3, 8, 8]);
        expect(found).toEqual([1, ...shape]);
      }

      const written = await loadModel(writeTfjs(graph, model, tensors), { seed: 0, modelsFolder: '' });
      expect(values(written.tensors).sort()).toEqual(values(tensors).sort());
      expect(Array.from(await logits(written.model, written.tensors))).toEqual(Array.from(answer));

      const target = path.join(mkdtempSync(path.join(folder, 'run-')), 'model');
      mkdirSync(path.dirname(target), { recursive: true });
      await saveModel(target, { model, tensors, labels: ['a', 'b', 'c'], card: '' });
      const back = await loadModel(target, { seed: 0, modelsFolder: '' });
      expect(values(back.tensors)).toEqual(
        values(new Map([...tensorsOf(model.root)].map(({ name }) => [name, tensors.get(name) as never]))),
      );
      expect(back.model.config).toEqual(model.config);
      expect(Array.from(await logits(back.model, back.tensors))).toEqual(Array.from(answer));
    }),
    { numRuns: 25, seed: 5 },
  );
});

it('a new head is drawn from the seed alone', () => {
  fc.assert(
    fc.property(randomGraph, (graph) => {
      const model = buildModel({ architecture: 'keras', keras: graph, classes: 5 });
      expect(model.head).toBe('answer');
      const head = (seed: number) => initialTensors(model.root, seed, (name) => name.startsWith('answer.'));
      expect(head(1).get('answer.kernel')?.shape[0]).toBe(5);
      expect(values(head(1))).toEqual(values(head(1)));
      expect(values(head(1))).not.toEqual(values(head(2)));
    }),
    { numRuns: 25, seed: 6 },
  );
});

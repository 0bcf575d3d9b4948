// What bench/loading.mjs has timed: a checkpoint of 90 MB, made, read whole, and offered by a hub on loopback.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buildModel } from '../src/core/models';
import { initialTensors } from '../src/core/nn';
import { loadModel, saveModel } from '../src/core/weights';
import { LoopbackHub } from '../test/core/weights/hub/loopbackHub';

const [task, folder = ''] = process.argv.slice(2);
const say = (value: unknown) => console.log(JSON.stringify(value));

async function main(): Promise<void> {
  switch (task) {
    case 'make': {
      const model = buildModel({ architecture: 'resnet34', classes: 1000 });
      const labels = Array.from({ length: model.classes }, (_, i) => `class ${i}`);
      await saveModel(folder, { model, tensors: initialTensors(model.root, 0), labels, card: '---\nlicense: mit\n---\n' });
      return;
    }
    case 'load': {
      const options = { modelsFolder: path.join(folder, 'none'), seed: 0 };
      const start = performance.now();
      const before = process.cpuUsage();
      await loadModel(folder, options);
      const { user, system } = process.cpuUsage(before);
      say({ elapsed: (performance.now() - start) / 1000, processor: (user + system) / 1e6 });
      return;
    }
    case 'hub': {
      const hub = await LoopbackHub.start();
      const files = readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))] as const);
      hub.repos['org/model'] = { files: Object.fromEntries(files), licence: 'mit' };
      say({ endpoint: hub.endpoint });
      process.stdin.on('end', () => process.exit()).resume();
    }
  }
}

void main();

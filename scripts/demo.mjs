// From a fresh clone to a trained model: install, build, fetch the bundled model, fine-tune it on the samples.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { bundledModel } from './bundled-model.mjs';
import { setup } from './setup.mjs';
import { heading, node, root, seconds } from './steps.mjs';

await setup();
heading('Building');
await node(['scripts/build.mjs']);
const pretrained = await bundledModel();

heading('Fine-tuning on samples/vehicles: is it a car or a truck?');
const start = performance.now();
const run = path.join('.thaw', 'runs', `demo-${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}`);
const choice = pretrained
  ? ['--model', 'efficientnet_lite0', '--preset', 'head', '--epochs', '10']
  : ['--model', 'convnet_small', '--preset', 'all', '--epochs', '20'];
await node(['dist/cli.js', 'train', 'samples/vehicles', ...choice, '--out', run]);

const { test } = JSON.parse(readFileSync(path.join(root, run, 'report.json'), 'utf8'));
const pictures = test.perClass.reduce((sum, { count }) => sum + count, 0);
console.log(`
Test accuracy  ${(100 * test.accuracy).toFixed(1)} % of ${pictures} pictures that it had never seen (trained in ${seconds(start)})
The run        ${run}
${pretrained ? '' : 'It learned from scratch, for want of the bundled model: with Python and pip here, `npm run models` fetches that.\n'}
What next
  node dist/cli.js predict ${run} samples/vehicles/cars/*    what it says of pictures
  node dist/cli.js train YOUR/PHOTOS                         a folder with one folder of photos for each class
  npm run workbench                                          the same in VS Code, in the browser
  npm run package                                            dist/*.vsix, to install in your own VS Code`);

// npm run setup:tensorflow: puts @tensorflow/tfjs-node into .tensorflow/, where the engine "tensorflow" looks for it. The
// extension's command "Install TensorFlow Engine…" does the same elsewhere: src/core/engine/tensorflow/setup.
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { setup } from './setup.mjs';
import { heading, root } from './steps.mjs';

/** Sets it up where it is missing. Returns null when it works, else why it doesn't, in words. */
export async function setupTensorflow() {
  const { setupTensorflow: install, tensorflowWorks } = await bundled('src/core/engine/tensorflow/setup/setup.ts');
  const folder = path.join(root, '.tensorflow');
  if (await tensorflowWorks(folder)) return null;
  heading('Setting up TensorFlow');
  try {
    await install(folder, { stage: console.log, log: console.log });
    return null;
  } catch (error) {
    return `${error.message} ${error.failure?.hint ?? ''}`.trim();
  }
}

async function bundled(entry) {
  const { build } = await import('esbuild');
  const outfile = path.join(root, 'test/.cache', `${path.basename(entry, '.ts')}.cjs`);
  const options = { bundle: true, platform: 'node', format: 'cjs', mainFields: ['module', 'main'] };
  await build({ absWorkingDir: root, entryPoints: [entry], outfile, ...options });
  return createRequire(import.meta.url)(outfile);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setup();
  const problem = await setupTensorflow();
  console.log(problem ? `TensorFlow could not be set up: ${problem}` : 'TensorFlow is set up: thaw train --engine tensorflow');
  process.exitCode = problem ? 1 : 0;
}

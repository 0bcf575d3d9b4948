// npm test: installs what it needs, then checks types and style, builds, packs, and runs all tests, the workbench's too.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundledModel, smallBert } from './bundled-model.mjs';
import { setup } from './setup.mjs';
import { setupTensorflow } from './setup-tensorflow.mjs';
import { CommandFailed, heading, node, program, root, seconds } from './steps.mjs';

await setup();
const results = mkdtempSync(path.join(os.tmpdir(), 'thaw-test-'));
const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

/** One step; what fails is noted, and the next one runs all the same. */
async function step(name, action) {
  heading(name);
  const start = performance.now();
  try {
    await action();
    console.log(`${name}: done in ${seconds(start)}`);
  } catch (error) {
    if (!(error instanceof CommandFailed)) console.error(error);
    failures.push(`${name}: ${error.message}`);
  }
}

/** A suite of tests, counted. */
function suite(name, args) {
  const report = path.join(results, `${name}.json`);
  return step(`Tests: ${name}`, async () => {
    try {
      await node([program('vitest'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args]);
    } finally {
      count(report);
    }
  });
}

function count(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
    counts.passed += numPassedTests;
    counts.failed += numFailedTests;
    counts.skipped += numPendingTests + numTodoTests;
  } catch {
    failures.push(`${path.basename(report, '.json')}: no report was written`);
  }
}

await step('Types', async () => {
  await node([program('typescript', 'tsc'), '-p', 'tsconfig.json']);
  await node([program('typescript', 'tsc'), '-p', 'webview-ui/tsconfig.json']);
});
await step('Style and layers', () => node([program('@biomejs/biome', 'biome'), 'check', '.']));
await step('Build', () => node(['scripts/build.mjs']));
await step('Licences of what is shipped', () => node(['scripts/notices.mjs', '--check']));
const pretrained = await bundledModel();
const hasBert = await smallBert();
const hasWasm = existsSync(path.join(root, 'node_modules/onnxruntime-web'));
const withoutTensorflow = await setupTensorflow();
await suite('unit', ['--project', 'unit']);
if (hasWasm) await suite('wasm', ['--project', 'wasm']);
if (!withoutTensorflow) await suite('tensorflow', ['--project', 'tensorflow']);
await suite('slow', ['--project', 'slow']);
await step('Package', () => node(['scripts/package.mjs', '--no-build']));
rmSync(path.join(root, 'test/.cache/workbench'), { recursive: true, force: true }); // pictures of earlier runs
await suite('workbench', ['--config', 'test/workbench/vitest.config.mts']);
rmSync(results, { recursive: true });

heading('Summary');
if (!pretrained) console.log('The bundled model was not there: what needs it was skipped.');
if (!hasBert) console.log('all-MiniLM-L6-v2 was not there: what is tested on it was skipped.');
if (!hasWasm) console.log("The engine's tests in WebAssembly were skipped: onnxruntime-web is not installed.");
if (withoutTensorflow) console.log(`The engine's tests on TensorFlow were skipped: ${withoutTensorflow}`);
for (const failure of failures) console.log(`FAILED  ${failure}`);
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = failures.length > 0 || counts.failed > 0 ? 1 : 0;

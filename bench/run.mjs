// npm run bench: what Thaw must reach, measured on this machine, against PyTorch where bench/.peers is set up.
// DATA: pictures in train/ and val/, as PyTorch's own tutorial has them (hymenoptera); the samples by default.
// `text-train` wants texts as DATA, lines of a label, a tab and a text, and is run only where it is named.
// usage: node bench/run.mjs [DATA] [--only steps,generation,step-memory,text-train,loading,train,memory,workbench] [--rounds N]
//        [--cases CASE,CASE] [--steps N] [--threads N]   (of `steps`)
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { setup } from '../scripts/setup.mjs';
import { root } from '../scripts/steps.mjs';

const all = ['steps', 'generation', 'step-memory', 'loading', 'train', 'memory', 'workbench'];
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: all.join() },
    rounds: { type: 'string' },
    cases: { type: 'string' },
    steps: { type: 'string', default: '4' },
    threads: { type: 'string', default: '2' },
  },
});
const parts = values.only.split(',');
const data = path.resolve(positionals[0] ?? path.join(root, 'samples/vehicles'));
const threads = Number(values.threads);
const rounds = (usual) => Number(values.rounds ?? usual);

await setup();
const columns = {
  measure: 'measure',
  thaw: 'Thaw',
  other: 'the other',
  ratio: 'ratio',
  processor: 'ratio of processor time',
  goal: 'goal',
};
const rows = [];
const line = (row) =>
  `| ${Object.keys(columns)
    .map((key) => row[key] ?? '')
    .join(' | ')} |`;
const row = (cells) => {
  rows.push(cells);
  console.log(line(cells));
};
if (parts.includes('steps')) {
  const { benchSteps } = await import('./steps.mjs');
  await benchSteps({ rounds: rounds(7), steps: Number(values.steps), threads, only: values.cases?.split(','), data }, row);
}
if (parts.includes('generation')) {
  const { benchGeneration } = await import('./steps.mjs');
  await benchGeneration({ rounds: rounds(5), threads, data }, row);
}
if (parts.includes('step-memory')) {
  const { benchStepMemory } = await import('./steps.mjs');
  await benchStepMemory({ threads, data }, row);
}
if (parts.includes('text-train')) {
  const { benchTexts } = await import('./texts.mjs');
  await benchTexts({ rounds: rounds(1), threads, data }, row);
}
if (parts.includes('loading')) {
  const { benchLoading } = await import('./loading.mjs');
  await benchLoading({ rounds: rounds(3) }, row);
}
if (['train', 'memory', 'workbench'].some((part) => parts.includes(part))) {
  const { benchProgram } = await import('./program.mjs');
  await benchProgram({ parts, rounds: rounds(3), data }, row);
}
const machine = `${os.cpus()[0].model}, ${os.cpus().length} logical cores, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB`;
console.log(`\n${machine}, Node ${process.versions.node}; steps with ${threads} threads. Times are median / minimum over rounds in which`);
console.log('the sides take turns, ratios medians of the rounds’ own, with their range; below 1, Thaw is faster.\n');
console.log(`${line(columns)}\n|${'---|'.repeat(Object.keys(columns).length)}`);
for (const cells of rows) console.log(line(cells));

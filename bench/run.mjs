// npm run bench: what Thaw must reach, measured on this machine, against PyTorch where bench/.peers is set up.
// DATA: pictures in train/ and val/, as PyTorch's own tutorial has them (hymenoptera); the samples by default.
// usage: node bench/run.mjs [DATA] [--rounds N] [--only train,memory,workbench]
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundledModel } from '../scripts/bundled-model.mjs';
import { setup } from '../scripts/setup.mjs';
import { node, root } from '../scripts/steps.mjs';
import { median, timed } from './measure.mjs';

await setup();
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '3' }, only: { type: 'string', default: 'train,memory,workbench' } },
});
const parts = values.only.split(',');
const data = path.resolve(positionals[0] ?? path.join(root, 'samples/vehicles'));
const python = path.join(root, 'bench/.peers/bin/python');
const weights = path.join(root, 'models/efficientnet_lite0/model.safetensors');
const temporary = mkdtempSync(path.join(os.tmpdir(), 'thaw-bench-'));
/** Generated photos are kept between benches. */
const cache = path.join(os.tmpdir(), 'thaw-bench-cache');

await node(['scripts/build.mjs']);
if (!(await bundledModel())) throw new Error('The bench needs the bundled model: `npm run models`.');
const rows = [];
const row = (measure, value, goal) => rows.push({ measure, value, goal });
try {
  if (parts.includes('train')) await benchTraining();
  if (parts.includes('memory')) await benchMemory();
  if (parts.includes('workbench')) await benchWorkbench();
} finally {
  rmSync(temporary, { recursive: true });
}
console.log(
  `\n${os.cpus()[0].model}, ${os.cpus().length} logical cores, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}\n`,
);
console.log('| measure | measured | goal |\n|---|---|---|');
for (const { measure, value, goal } of rows) console.log(`| ${measure} | ${value} | ${goal} |`);

/** `thaw train` with the events' times of arrival. */
async function train(folder, extra) {
  const run = path.join(mkdtempSync(path.join(temporary, 'run-')), 'run');
  let firstStep = null;
  let report = null;
  const memory = [];
  const args = ['dist/cli.js', 'train', folder, '--model', 'efficientnet_lite0', '--preset', 'head', ...extra, '--json', '--out', run];
  const { seconds, processor, peakMemory } = await timed(process.execPath, args, (line, at, resident) => {
    const event = JSON.parse(line);
    if (event.type === 'step') firstStep ??= at;
    if (event.type === 'epoch') memory.push(resident);
    if (event.type === 'finished') report = event.report;
  });
  return { seconds, processor, peakMemory: peakMemory ?? report.peakMemoryBytes, firstStep, report, memory };
}

/**
 * Thaw and PyTorch take turns. A ratio is that of one round, in which both had much the same machine, and all rounds' are
 * shown: where they differ much, the machine had other work and the elapsed ones say little. Processor time leaves waiting out.
 */
async function benchTraining() {
  const comparable = existsSync(python) && existsSync(path.join(data, 'val'));
  const rounds = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const thaw = await train(data, ['--epochs', '10', '--test-split', '0']);
    console.log(`thaw     ${times(thaw)}, accuracy ${thaw.report.validation.accuracy.toFixed(4)}`);
    const peer = comparable ? await trainPeer() : null;
    if (peer) console.log(`pytorch  ${times(peer)}, accuracy ${peer.accuracy.toFixed(4)}`);
    rounds.push({ thaw, peer });
  }
  const ours = rounds.map(({ thaw }) => thaw);
  const name = path.basename(data);
  row(
    `\`thaw train\` on ${name}, head, 10 epochs, 224²`,
    spread(
      ours.map((run) => run.seconds),
      's',
      1,
    ),
    '',
  );
  if (comparable) {
    const theirs = rounds.map(({ peer }) => peer);
    row(
      'the usual PyTorch script',
      spread(
        theirs.map((run) => run.seconds),
        's',
        1,
      ),
      '',
    );
    row(
      'ratio, elapsed',
      spread(
        rounds.map(({ thaw, peer }) => thaw.seconds / peer.seconds),
        '',
        3,
      ),
      '≤ 0.10, better 0.05',
    );
    if (ours[0].processor !== null)
      row(
        'ratio, processor time',
        spread(
          rounds.map(({ thaw, peer }) => thaw.processor / peer.processor),
          '',
          3,
        ),
        '',
      );
    row('validation accuracy, PyTorch', median(theirs.map((run) => run.accuracy)).toFixed(3), '');
  }
  row('validation accuracy', median(ours.map((run) => run.report.validation.accuracy)).toFixed(3), '≥ 0.92, better 0.95');
  row(
    'start → first `step` event',
    spread(
      ours.map((run) => run.firstStep),
      's',
      2,
    ),
    '< 2 s, better 1 s',
  );
}

async function trainPeer() {
  let answer = null;
  const spent = await timed(python, ['bench/peers/hymenoptera.py', data, weights], (line) => (answer = JSON.parse(line)));
  return { ...spent, accuracy: answer.accuracy };
}

function times({ seconds, processor }) {
  return `${seconds.toFixed(1)} s${processor === null ? '' : ` (${processor.toFixed(1)} s of processor time)`}`;
}

/** The median, and every round's value. */
function spread(numbers, unit, digits) {
  const all = numbers.map((n) => n.toFixed(digits)).join(', ');
  return `${median(numbers).toFixed(digits)}${unit && ` ${unit}`} (${all})`;
}

async function benchMemory() {
  const { generatedPhotos } = await import('./photos.mjs');
  const photos = await generatedPhotos(cache, 10_000);
  const { peakMemory, memory, seconds } = await train(photos, ['--epochs', '5']);
  const each = memory.map((bytes) => (bytes / 1e6).toFixed(0)).join(', ');
  row(
    'peak memory, head, 10,000 photos',
    `${(peakMemory / 1e6).toFixed(0)} MB (after each epoch: ${each}; ${seconds.toFixed(0)} s)`,
    '< 700 MB, flat',
  );
}

async function benchWorkbench() {
  const { generatedPhotos } = await import('./photos.mjs');
  const photos = await generatedPhotos(cache, 10_000);
  const { runInWorkbench } = await import('../scripts/workbench.mjs');
  await node(['scripts/package.mjs', '--no-build']);
  const { thumbnails, delay } = await runInWorkbench('bench/workbench.ts', photos);
  row('tab opened → first thumbnails, 10,000 photos', `${thumbnails.toFixed(2)} s`, '< 1 s');
  row("the extension host's event-loop delay while training, p99", `${delay.toFixed(1)} ms`, '< 16 ms');
}

// The whole program: `thaw train` against the usual PyTorch script, what it holds in memory, and the workbench while it trains.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bundledModel } from '../scripts/bundled-model.mjs';
import { node, root } from '../scripts/steps.mjs';
import { median, timed } from './measure.mjs';
import { python } from './sides.mjs';

const weights = path.join(root, 'models/efficientnet_lite0/model.safetensors');
/** Generated photos are kept between benches. */
const cache = path.join(os.tmpdir(), 'thaw-bench-cache');

/**
 * @param {{parts: string[], rounds: number, data: string}} options parts: train, memory, workbench
 * @param {(row: object) => void} row takes each line of the table
 */
export async function benchProgram({ parts, rounds, data }, row) {
  await node(['scripts/build.mjs']);
  if (!(await bundledModel())) throw new Error('The bench needs the bundled model: `npm run models`.');
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'thaw-bench-'));
  try {
    if (parts.includes('train')) await benchTraining(data, rounds, temporary, row);
    if (parts.includes('memory')) await benchMemory(temporary, row);
    if (parts.includes('workbench')) await benchWorkbench(row);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** `thaw train` with the events' times of arrival. */
async function train(folder, temporary, extra) {
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
async function benchTraining(data, count, temporary, row) {
  const comparable = existsSync(python) && existsSync(path.join(data, 'val'));
  const ours = [];
  const theirs = [];
  for (let round = 0; round < count; round++) {
    ours.push(await train(data, temporary, ['--epochs', '10', '--test-split', '0']));
    if (comparable) theirs.push(await trainPeer(data));
  }
  const accuracy = median(ours.map((run) => run.report.validation.accuracy));
  row({
    measure: `\`thaw train\` on ${path.basename(data)}, head, 10 epochs, 224², against the usual PyTorch script`,
    thaw: times(ours),
    other: comparable ? times(theirs) : '–',
    ...ratios(ours, theirs),
    goal: '≤ 0.10, better 0.05',
  });
  row({
    measure: 'its validation accuracy',
    thaw: accuracy.toFixed(3),
    other: comparable ? median(theirs.map((run) => run.accuracy)).toFixed(3) : '–',
    goal: '≥ 0.92, better 0.95',
  });
  const firstSteps = spread(
    ours.map((run) => run.firstStep),
    's',
    2,
  );
  row({ measure: 'its start → first `step` event', thaw: firstSteps, goal: '< 2 s, better 1 s' });
}

async function trainPeer(data) {
  let answer = null;
  const spent = await timed(python, ['bench/peers/hymenoptera.py', data, weights], (line) => (answer = JSON.parse(line)));
  return { ...spent, accuracy: answer.accuracy };
}

/** Of elapsed and processor time, round by round; '–' where there is nobody to compare with, or nothing was measured. */
export function ratios(ours, theirs) {
  const of = (kind) => {
    if (theirs.length === 0 || ours[0][kind] === null) return '–';
    const each = theirs.map((peer, i) => ours[i][kind] / peer[kind]);
    return spread(each, '', 3);
  };
  return { ratio: of('seconds'), processor: of('processor') };
}

/** Elapsed and processor time of the rounds. */
export function times(runs) {
  const of = (kind) => median(runs.map((run) => run[kind])).toFixed(1);
  return runs[0].processor === null ? `${of('seconds')} s` : `${of('seconds')} s, ${of('processor')} s of processor time`;
}

/** The median, and every round's value. */
export function spread(numbers, unit, digits) {
  const all = numbers.map((n) => n.toFixed(digits)).join(', ');
  return `**${median(numbers).toFixed(digits)}**${unit && ` ${unit}`} (${all})`;
}

async function benchMemory(temporary, row) {
  const { generatedPhotos } = await import('./photos.mjs');
  const photos = await generatedPhotos(cache, 10_000);
  const { peakMemory, memory, seconds } = await train(photos, temporary, ['--epochs', '5']);
  const each = memory.map((bytes) => (bytes / 1e6).toFixed(0)).join(', ');
  row({
    measure: 'peak memory, head, 10,000 photos, 5 epochs',
    thaw: `${(peakMemory / 1e6).toFixed(0)} MB (after each epoch: ${each}; ${seconds.toFixed(0)} s)`,
    goal: '< 700 MB, flat',
  });
}

async function benchWorkbench(row) {
  const { generatedPhotos } = await import('./photos.mjs');
  const photos = await generatedPhotos(cache, 10_000);
  const { runInWorkbench } = await import('../scripts/workbench.mjs');
  await node(['scripts/package.mjs', '--no-build']);
  const { thumbnails, delay } = await runInWorkbench('bench/workbench.ts', photos);
  row({ measure: 'tab opened → first thumbnails, 10,000 photos', thaw: `${thumbnails.toFixed(2)} s`, goal: '< 1 s' });
  row({ measure: "the extension host's event-loop delay while training, p99", thaw: `${delay.toFixed(1)} ms`, goal: '< 16 ms' });
}

// `thaw train` on labelled texts against transformers' usual script, and what an adapter takes on the disk.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { node, root } from '../scripts/steps.mjs';
import { median, timed } from './measure.mjs';
import { ratios, times } from './program.mjs';
import { python } from './sides.mjs';

const model = path.join(root, 'models/all-MiniLM-L6-v2');
const epochs = 10;
/** Of the texts, in thousandths. */
const shares = { test: 150, validation: 150 };

/**
 * @param {{rounds: number, threads: number, data: string}} options data: a file of lines `label TAB text`, or a folder of one
 * @param {(row: object) => void} row takes each line of the table
 */
export async function benchTexts({ rounds, threads, data }, row) {
  if (!existsSync(path.join(model, 'config.json'))) throw new Error('This needs a small BERT: `npm run models -- minilm`.');
  await node(['scripts/build.mjs']);
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'thaw-bench-'));
  try {
    const { folder, few } = dealt(data, temporary);
    await benchHead({ rounds, threads, folder, name: path.basename(data), temporary }, row);
    await benchAdapter(few, temporary, row);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** Both sides get the same three files, each text once; which one it is in depends on nothing but its place. */
function dealt(data, temporary) {
  const file = statSync(data).isDirectory() ? path.join(data, readdirSync(data).filter((name) => !name.startsWith('.'))[0]) : data;
  const rows = new Map();
  for (const line of readFileSync(file, 'utf8').split(/\r?\n/)) {
    const [label, text] = line.split('\t');
    if (label && text && !rows.has(text)) rows.set(text, label);
  }
  const [[text, label]] = rows;
  if ([...rows.values()].filter((other) => other === label).length === 1) rows.delete(text); // a line of headings
  if (rows.size < 100 || new Set(rows.values()).size > 50) throw new Error(`${file} has no lines of a label, a tab and a text.`);
  const parts = { train: [], validation: [], test: [] };
  let i = 0;
  for (const [text, label] of rows) {
    const place = (i++ * 617) % 1000; // 617 and 1000 have no common factor
    const split = place < shares.test ? 'test' : place < shares.test + shares.validation ? 'validation' : 'train';
    parts[split].push(JSON.stringify({ text, label }));
  }
  const folder = path.join(temporary, 'texts');
  const few = path.join(temporary, 'few.jsonl');
  mkdirSync(folder);
  for (const [split, lines] of Object.entries(parts)) writeFileSync(path.join(folder, `${split}.jsonl`), `${lines.join('\n')}\n`);
  writeFileSync(few, `${parts.train.slice(0, 200).join('\n')}\n`);
  return { folder, few };
}

/** `thaw train`; what it did of itself stands in its run folder. */
async function train(data, temporary, extra) {
  const run = path.join(mkdtempSync(path.join(temporary, 'run-')), 'run');
  let report = null;
  const args = ['dist/cli.js', 'train', data, '--model', model, ...extra, '--json', '--out', run];
  const spent = await timed(process.execPath, args, (line) => {
    const event = JSON.parse(line);
    if (event.type === 'finished') report = event.report;
  });
  return { ...spent, report, run };
}

async function benchHead({ rounds, threads, folder, name, temporary }, row) {
  const comparable = existsSync(python);
  const ours = [];
  const theirs = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await train(folder, temporary, ['--preset', 'head', '--epochs', epochs, '--threads', threads].map(String)));
    if (!comparable) continue;
    const { config } = JSON.parse(readFileSync(path.join(ours[0].run, 'run.json'), 'utf8'));
    const [{ rules, learningRate }] = config.phases;
    const prefixes = rules.map((rule) => rule.replace(/\*\*$/, ''));
    let answer = null;
    const args = ['bench/peers/texts.py', folder, model, threads, epochs, learningRate, ...prefixes].map(String);
    const spent = await timed(python, args, (line) => (answer = JSON.parse(line)));
    theirs.push({ ...spent, accuracy: answer.accuracy });
  }
  row({
    measure: `\`thaw train\` on ${name}, head of MiniLM, ${epochs} epochs, against transformers' usual script`,
    thaw: times(ours),
    other: comparable ? times(theirs) : '–',
    ...ratios(ours, theirs),
    goal: '≤ 0.10, better 0.05',
  });
  row({
    measure: 'its test accuracy',
    thaw: median(ours.map(({ report }) => report.test.accuracy)).toFixed(4),
    other: comparable ? median(theirs.map(({ accuracy }) => accuracy)).toFixed(4) : '–',
    goal: '≥ 0.975',
  });
}

async function benchAdapter(data, temporary, row) {
  const { run } = await train(data, temporary, ['--preset', 'lora', '--epochs', '1']);
  const file = path.join(run, 'adapter', 'adapter_model.safetensors');
  row({ measure: "an adapter's file, LoRA of rank 8", thaw: `${(statSync(file).size / 1000).toFixed(0)} kB`, goal: '< 500 kB' });
}

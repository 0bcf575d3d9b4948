// Steps against PyTorch, and Thaw against itself: in each round every side times some steps, one side after another, so that
// a busy moment of the machine falls on all. A ratio is the median of the rounds' own.
import { median } from './measure.mjs';
import { builtCases, pytorchSide, thawSide } from './sides.mjs';

/**
 * @param {{rounds: number, steps: number, threads: number, only?: string[], data: string}} options
 * @param {(row: object) => void} row takes each line of the table
 */
export async function benchSteps({ rounds, steps, threads, only, data }, row) {
  const cases = await builtCases();
  for (const name of only ?? Object.keys(cases).filter((name) => name !== generation)) {
    if (!cases[name]) throw new Error(`There is no case ${name}: ${Object.keys(cases).join(', ')}.`);
    const { measure, size, batch = 16, goals } = cases[name];
    const what = { name, threads, batch, size, data };
    const pytorch = await pytorchSide(what);
    const sides = {
      thaw: await thawSide(what),
      ...(goals.portable !== undefined && { portable: await thawSide(what, { layout: 'portable' }) }),
      ...(goals.tensorflow !== undefined && { tensorflow: await tensorflowSide(what) }),
      ...(pytorch && { pytorch }),
    };
    const seen = await inTurns(sides, rounds, steps);
    const title = `${measure}, batch ${batch} (\`${name}\`)`;
    row(comparison(title, seen, 'thaw', 'pytorch', goals.pytorch));
    if (sides.portable) row(comparison('the same with standard operators only', seen, 'portable', 'pytorch', goals.portable));
    if (sides.tensorflow) row(comparison('the same, onnx engine / tensorflow engine', seen, 'thaw', 'tensorflow', goals.tensorflow));
    if (goals.compile)
      row({ measure: 'the same: record, build, first run', thaw: `${sides.thaw.seconds.toFixed(2)} s`, goal: `< ${goals.compile} s` });
    for (const side of Object.values(sides)) side?.end();
  }
}

const generation = 'generation';

/** A text in each round, against transformers'. */
export function benchGeneration({ rounds, threads, data }, row) {
  return benchSteps({ rounds, steps: 1, threads, only: [generation], data }, row);
}

async function tensorflowSide(what) {
  return thawSide(what, { engine: 'tensorflow' }).catch(() => null); // not installed: `npm run setup:tensorflow`
}

async function inTurns(sides, rounds, steps) {
  const seen = Array.from({ length: rounds }, () => ({}));
  for (const round of seen)
    for (const [name, side] of Object.entries(sides)) {
      if (!side) continue;
      if (round === seen[0]) await side.times(1); // warm
      // TensorFlow takes ten times as long.
      round[name] = await side.times(name === 'tensorflow' ? Math.max(1, Math.round(steps / 4)) : steps);
    }
  return seen;
}

/** A line of the table: medians and minima in milliseconds a batch, ratios of the rounds with their range. */
function comparison(measure, seen, ours, theirs, goal) {
  const all = (side, kind) => seen.map((round) => round[side]?.[kind]).filter((ms) => ms !== undefined);
  const shown = (side) =>
    all(side, 'wall').length ? `${median(all(side, 'wall')).toFixed(1)} / ${Math.min(...all(side, 'wall')).toFixed(1)} ms` : '–';
  const ratio = (kind) => {
    const each = seen.flatMap((round) => (round[ours] && round[theirs] ? [round[ours][kind] / round[theirs][kind]] : []));
    if (each.length === 0) return '–';
    const least = Math.min(...all(ours, kind)) / Math.min(...all(theirs, kind));
    return `**${median(each).toFixed(2)}** (${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)}, minima ${least.toFixed(2)})`;
  };
  const goalText = goal === null ? '' : `≤ ${goal.toFixed(2)}`;
  return { measure, thaw: shown(ours), other: shown(theirs), ratio: ratio('wall'), processor: ratio('processor'), goal: goalText };
}

/** What a process holds after 1,000 steps, against what it held after 10. */
export async function benchStepMemory({ threads, data }, row) {
  const cases = await builtCases();
  for (const name of ['mobilenet', 'features']) {
    const { measure, size, batch = 16 } = cases[name];
    const side = await thawSide({ name, threads, batch, size, data });
    const { memory: early } = await side.times(10);
    const { memory: late } = await side.times(name === 'features' ? 200 : 990);
    side.end();
    row({
      measure: `memory, ${measure}: peak over ${name === 'features' ? '210' : '1,000'} steps / after 10`,
      thaw: `${(late / 1e6).toFixed(0)} / ${(early / 1e6).toFixed(0)} MB`,
      ratio: `**${(late / early).toFixed(3)}**`,
      goal: '≤ 1.05',
    });
  }
}

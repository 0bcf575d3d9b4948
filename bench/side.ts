// One side of a comparison, in a process of its own: CASE ENGINE LAYOUT THREADS BATCH SIZE DATA
// Prints {"seconds"} it took to record, build and run once; then, for each line N on stdin, what a batch took over N steps:
// {"wall", "processor"} in milliseconds and {"memory"}, the process's greatest so far, in bytes. With --list: the cases.
import { createInterface } from 'node:readline';
import { createEngine, type FeatureLayout } from '../src/core/engine';
import type { Case } from './case';
import { cases } from './cases';

const say = (answer: unknown) => process.stdout.write(`${JSON.stringify(answer)}\n`);

async function serve([name, engineName, layout, threads, batch, size, data]: string[]): Promise<void> {
  const { prepare } = cases[name as string] as Case;
  const engine = await createEngine(engineName as 'onnx' | 'tensorflow', { threads: Number(threads), layout: layout as FeatureLayout });
  const start = performance.now();
  const { step, batches = 1 } = await prepare(engine, { batch: Number(batch), size: Number(size), data: data as string });
  await step();
  say({ seconds: (performance.now() - start) / 1000 });
  for await (const line of createInterface({ input: process.stdin })) {
    const steps = Number(line);
    const used = process.cpuUsage();
    const began = performance.now();
    for (let i = 0; i < steps; i++) await step();
    const wall = (performance.now() - began) / steps / batches;
    const { user, system } = process.cpuUsage(used);
    say({ wall, processor: (user + system) / 1000 / steps / batches, memory: process.resourceUsage().maxRSS * 1024 });
  }
}

if (process.argv[2] === '--list') say(cases);
else
  serve(process.argv.slice(2)).then(
    () => process.exit(0),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );

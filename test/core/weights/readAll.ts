// A process that reads all weights of a folder and says how much memory that took: `large.slow.test.ts` runs it.
import { weightsIn } from '../../../src/core/weights/weightFiles';

async function main(folder: string): Promise<void> {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  const read = await (await weightsIn(folder))?.read(() => true);
  const seconds = (performance.now() - start) / 1000;
  const held = [...(read?.values() ?? [])].reduce((sum, { data }) => sum + data.byteLength, 0);
  console.log(JSON.stringify({ held, growth: process.resourceUsage().maxRSS * 1024 - before, seconds }));
}

void main(process.argv[2] ?? '');

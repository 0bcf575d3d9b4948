import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

/** How many threads to compute with: those asked for, at most as many as there are cores; 0 stands for the physical ones. */
export function threadCount(asked: number): number {
  const most = availableParallelism();
  return Math.max(1, Math.min(most, asked > 0 ? Math.floor(asked) : physicalCores()));
}

/** Hyperthreads share the units that multiply, so only physical cores count. */
function physicalCores(): number {
  if (process.platform === 'linux') {
    const cores = linuxCores();
    if (cores > 0) return cores;
  }
  const logical = cpus().length;
  return process.arch === 'x64' && logical > 2 ? Math.ceil(logical / 2) : logical;
}

/** Distinct pairs of "physical id" and "core id" in /proc/cpuinfo; 0 where it does not tell. */
function linuxCores(): number {
  try {
    const blocks = readFileSync('/proc/cpuinfo', 'utf8').split('\n\n');
    const field = (block: string, name: string) => new RegExp(`^${name}\\s*: (\\d+)`, 'm').exec(block)?.[1];
    const ids = blocks
      .filter((block) => field(block, 'core id'))
      .map((block) => `${field(block, 'physical id')}:${field(block, 'core id')}`);
    return new Set(ids).size;
  } catch {
    return 0;
  }
}

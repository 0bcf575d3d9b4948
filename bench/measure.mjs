import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * Runs a program to its end and hands each line of its output on.
 * @returns {Promise<{seconds: number, processor: number | null, peakMemory: number | null}>} elapsed seconds; on Linux also
 * seconds of processor time, its ended children's included, and peak resident memory in bytes
 */
export async function timed(command, args, onLine, { env = {} } = {}) {
  const start = performance.now();
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-4000)));
  let peakMemory = null;
  let processor = null;
  const watch = setInterval(() => {
    peakMemory = statusOf(child.pid, 'VmHWM') ?? peakMemory;
    processor = processorTime(child.pid) ?? processor;
  }, 100);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => onLine?.(line, (performance.now() - start) / 1000, statusOf(child.pid, 'VmRSS')));
  const code = await new Promise((resolve) => child.once('close', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${errors}`);
  return { seconds: (performance.now() - start) / 1000, processor, peakMemory };
}

/** A figure of /proc/PID/status in bytes; null where there is none. */
function statusOf(pid, name) {
  try {
    return 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
  } catch {
    return null;
  }
}

/** Seconds, from utime, stime, cutime and cstime of /proc/PID/stat, which count hundredths; null where there is none. */
function processorTime(pid) {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return afterName.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
  } catch {
    return null;
  }
}

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

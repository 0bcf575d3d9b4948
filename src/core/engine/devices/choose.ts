import * as l10n from '@vscode/l10n';
import type { ComputeDevice, Device } from '../../../protocol/runConfig';
import type { EngineWarning } from '../engine';
import { type Layout, portable } from '../onnx/graph';
import { agree, attempt, type Trial } from './attempt';
import type { DeviceMemory } from './memory';
import { large, type ProbeSize, small } from './probe';

export interface DeviceSearch {
  /** Main file of onnxruntime's package. */
  readonly runtime: string;
  /** What that has providers for, cpu among them. */
  readonly devices: readonly ComputeDevice[];
  readonly threads: number;
  /** The arrangement that is best on the processor; other devices take the portable one. */
  readonly layout: Layout;
  /** Milliseconds that a device may take to answer. */
  readonly limit?: number;
  /** Milliseconds for which its steps are timed. */
  readonly timed?: number;
}

export interface DeviceFacts {
  readonly name: ComputeDevice;
  readonly available: boolean;
  /** Milliseconds that a training step of the probe takes at best: other programs make it longer, not shorter. */
  readonly stepMilliseconds?: number;
  /** Why it is not available. */
  readonly reason?: string;
}

export interface Choice {
  readonly device: ComputeDevice;
  readonly warnings: readonly EngineWarning[];
}

const longest = 60_000;

/**
 * The device to compute on. One that cannot be loaded, crashes, hangs or computes otherwise than the processor is not
 * taken, with a warning that says why. 'auto' is the quickest of those that agree with the processor, which `memory` keeps.
 */
export async function chooseDevice(asked: Device, search: DeviceSearch, memory: DeviceMemory): Promise<Choice> {
  const known = asked === 'auto' ? await memory.quickest(search) : asked;
  if (known === null) {
    const facts = await measureDevices(search, memory);
    return { device: quickest(facts), warnings: [] };
  }
  if (known === 'cpu') return { device: 'cpu', warnings: [] };
  const reason = await whyNot(known, search);
  if (reason === null) return { device: known, warnings: [] };
  if (asked === 'auto') await memory.forget(search);
  const message = l10n.t('The device "{0}" cannot be used, the processor computes instead: {1}', known, reason);
  return { device: 'cpu', warnings: [{ code: 'engine.fallback', message }] };
}

/** How quick each device is, one after another, the processor first; `memory` keeps which is the quickest. */
export async function measureDevices(search: DeviceSearch, memory: DeviceMemory): Promise<DeviceFacts[]> {
  const { timed = 1_000 } = search;
  const expected = await results('cpu', search, large);
  const facts: DeviceFacts[] = [];
  for (const name of search.devices) {
    const layout = name === 'cpu' ? search.layout : portable;
    const reply = await attempt({ ...given(name, search), layout, size: large, timed });
    const reason = difference(expected, reply);
    if (reason !== null) facts.push({ name, available: false, reason });
    else facts.push({ name, available: true, ...(reply.ok && reply.milliseconds !== null && { stepMilliseconds: reply.milliseconds }) });
  }
  await memory.keep(search, quickest(facts));
  return facts;
}

async function whyNot(device: ComputeDevice, search: DeviceSearch): Promise<string | null> {
  if (!search.devices.includes(device)) return l10n.t('onnxruntime has no part for it on {0}-{1}.', process.platform, process.arch);
  return difference(...(await Promise.all([results('cpu', search, small), results(device, search, small)])));
}

const results = (device: ComputeDevice, search: DeviceSearch, size: ProbeSize) =>
  attempt({ ...given(device, search), layout: portable, size, timed: 0 });

const given = (device: ComputeDevice, { runtime, threads, limit = longest }: DeviceSearch) => ({ device, runtime, threads, limit });

/** Why another device's results are not to be relied on; null where they are. */
function difference(cpu: Trial, other: Trial): string | null {
  if (!other.ok) return inShort(other.why);
  if (!cpu.ok) return inShort(cpu.why);
  return agree(cpu, other) ? null : l10n.t('Its results differ from the processor’s by more than a thousandth.');
}

/** The first line, without the place in onnxruntime's source and the condition there that did not hold. */
const inShort = (text: string) => (text.trim().split('\n', 1)[0] as string).replace(/^\/\S+:\d+ .* was (?:true|false)\. /, '');

function quickest(facts: readonly DeviceFacts[]): ComputeDevice {
  const time = ({ available, stepMilliseconds }: DeviceFacts) => (available ? (stepMilliseconds ?? Infinity) : Infinity);
  return facts.reduce<DeviceFacts>((best, next) => (time(next) < time(best) ? next : best), { name: 'cpu', available: false }).name;
}

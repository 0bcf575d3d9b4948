import { asFailure } from '../../protocol/failure';
import { type DeviceFacts, measureDevices } from './devices/choose';
import { DeviceFile } from './devices/memory';
import { large, probeInputs, probeSpec, probeStep } from './devices/probe';
import type { Engine } from './engine';
import { availableEngines, createEngine, type EngineFacts, onnxSearch } from './index';

export interface EngineMeasured extends EngineFacts {
  /** Milliseconds that a training step of the probe takes; the quickest of as many as go into a second. */
  readonly stepMilliseconds?: number;
  /** Of the onnx engine: what it can compute on, the processor first. */
  readonly devices?: DeviceFacts[];
}

/** What `availableEngines` finds, and how fast each is here. Takes some seconds; what was found out for device 'auto' is kept. */
export async function measureEngines(): Promise<EngineMeasured[]> {
  const measured: EngineMeasured[] = [];
  for (const facts of await availableEngines()) measured.push(facts.available ? await measure(facts) : facts);
  return measured;
}

async function measure(facts: EngineFacts): Promise<EngineMeasured> {
  try {
    switch (facts.name) {
      case 'onnx': {
        const devices = await measureDevices(await onnxSearch(0), new DeviceFile());
        const { available = false, stepMilliseconds, reason } = devices.find(({ name }) => name === 'cpu') ?? {};
        return { ...facts, available, ...(reason && { reason }), ...(stepMilliseconds && { stepMilliseconds }), devices };
      }
      case 'tensorflow':
        return { ...facts, stepMilliseconds: await timeSteps(facts.name) };
    }
  } catch (error) {
    return { ...facts, available: false, reason: asFailure(error).message };
  }
}

/** As the child that tries a device does it: three steps, then those that are timed. */
async function timeSteps(name: Engine['name']): Promise<number> {
  const engine = await createEngine(name, { threads: 0 });
  try {
    const program = await engine.compile(probeStep, probeSpec(large));
    const inputs = probeInputs(large);
    for (let i = 0; i < 3; i++) await program.run(inputs);
    const times: number[] = [];
    for (const end = performance.now() + 1000; performance.now() < end || times.length === 0; ) {
      const start = performance.now();
      await program.run(inputs);
      times.push(performance.now() - start);
    }
    return Math.min(...times);
  } finally {
    await engine.dispose();
  }
}

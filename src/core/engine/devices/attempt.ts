import { spawn } from 'node:child_process';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import type { ComputeDevice } from '../../../protocol/runConfig';
import type { NamedTensors } from '../engine';
import type { Layout, Value } from '../onnx/graph';
import { lower } from '../onnx/lower';
import { sessionOptions } from '../onnx/sessionOptions';
import { childProgram, type Order, type Reply } from './child';
import { type ProbeSize, probeInputs, probeSpec, probeStep } from './probe';

export interface AttemptSpec {
  readonly device: ComputeDevice;
  /** Main file of onnxruntime's package. */
  readonly runtime: string;
  readonly threads: number;
  readonly layout: Layout;
  readonly size: ProbeSize;
  /** Milliseconds for which steps are timed; 0 for results alone. */
  readonly timed: number;
  /** Milliseconds after which the attempt has failed. */
  readonly limit: number;
}

/** What came of it, the state by name. */
export type Trial =
  | { readonly ok: true; readonly losses: readonly number[]; readonly state: NamedTensors; readonly milliseconds: number | null }
  | { readonly ok: false; readonly why: string };

const replySchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    losses: z.array(z.number().or(z.nan())),
    state: z.record(z.string(), z.instanceof(Float32Array)),
    milliseconds: z.number().nullable(),
  }),
  z.object({ ok: z.literal(false), why: z.string() }),
]) satisfies z.ZodType<Reply>;

/** Steps of which the results are compared. */
const compared = 3;

/**
 * Some training steps on a device, in a process of its own: a driver that crashes or hangs takes nothing else along. Never
 * rejects.
 */
export async function attempt({ device, runtime, threads, layout, size, timed, limit }: AttemptSpec): Promise<Trial> {
  const { order, state } = probeModel(device, layout, size);
  const reply = await ask({ ...order, runtime, options: sessionOptions(device, threads), steps: compared, timed }, limit);
  if (!reply.ok) return reply;
  for (const buffer of state.buffers) {
    const values = reply.state[buffer.input.name];
    if (buffer.output && values?.length !== state.nextOf(buffer).length) return { ok: false, why: noAnswer() };
    if (buffer.output && values) state.nextOf(buffer).set(values);
  }
  state.swap();
  return { ...reply, state: state.read() };
}

function ask(order: Order, limit: number): Promise<Reply> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', childProgram], {
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      serialization: 'advanced',
      windowsHide: true,
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-2000);
    });
    const settle = (reply: Reply) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(reply);
    };
    const timer = setTimeout(() => settle({ ok: false, why: l10n.t('It gave no answer within {0} seconds.', limit / 1000) }), limit);
    child.once('message', (message) => settle(replySchema.catch({ ok: false, why: noAnswer() }).parse(message)));
    child.once('error', (error) => settle({ ok: false, why: error.message }));
    child.once('close', (code, signal) =>
      settle({ ok: false, why: l10n.t('Its process ended with {0}. {1}', signal ?? String(code), lastLine(stderr)).trim() }),
    );
    child.send(order, () => {}); // a child that is gone already closes
  });
}

const noAnswer = () => l10n.t('It gave no proper answer.');
const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';

/** The probe in the form in which the engine runs steps on that device. */
function probeModel(device: ComputeDevice, layout: Layout, size: ProbeSize) {
  const spec = probeSpec(size);
  const { model, outputs, state } = lower(probeStep, spec, layout, device);
  const given = probeInputs(size);
  const feeds = [
    ...Object.entries(spec.inputs).map(([name, facts]) => ({ ...facts, name: `input:${name}`, data: given[name as keyof typeof given] })),
    ...state.buffers.map((buffer) => ({ ...buffer.input, data: state.dataOf(buffer) })),
  ].map(({ name, dtype, shape, data }) => ({ name, type: dtype, shape, data }));
  const replaced = state.buffers.flatMap(({ input, output }) => (output ? [[input.name, output.name] as const] : []));
  const loss = (outputs.get('loss') as Value).name;
  return { order: { model: model.bytes, externalData: model.externalData, feeds, state: replaced, loss }, state };
}

/** Whether two devices computed the same: each tensor within 1e-3 of its largest entry. */
export function agree(a: Trial & { ok: true }, b: Trial & { ok: true }): boolean {
  const near = (x: ArrayLike<number>, y: ArrayLike<number> | undefined) => {
    if (x.length !== y?.length) return false;
    const scale = Array.from(x).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    return Array.from(x).every((value, i) => Math.abs(value - (y[i] as number)) <= 1e-3 * scale); // no NaN is
  };
  return near(a.losses, b.losses) && [...a.state].every(([name, { data }]) => near(data, b.state.get(name)?.data));
}

import { spawn } from 'node:child_process';
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import type { ComputeDevice } from '../../../protocol/runConfig';
import '../onnx/kernels';
import '../onnx/layers';
import type { Layout } from '../onnx/graph';
import { serialize } from '../onnx/model';
import { record } from '../onnx/recorder';
import { sessionOptions } from '../onnx/sessionOptions';
import { childProgram, type Order, type Reply } from './child';
import { probeInputs, probeSpec, probeStep } from './probe';

export interface AttemptSpec {
  readonly device: ComputeDevice;
  /** Main file of onnxruntime's package. */
  readonly runtime: string;
  readonly threads: number;
  readonly layout: Layout;
  /** Milliseconds for which steps are timed; 0 for results alone. */
  readonly timed: number;
  /** Milliseconds after which the attempt has failed. */
  readonly limit: number;
}

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
export function attempt({ device, runtime, threads, layout, timed, limit }: AttemptSpec): Promise<Reply> {
  const order: Order = { runtime, options: sessionOptions(device, threads), ...probeModel(layout), steps: compared, timed };
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
    child.once('message', (message) => settle(replySchema.catch({ ok: false, why: l10n.t('It gave no proper answer.') }).parse(message)));
    child.once('error', (error) => settle({ ok: false, why: error.message }));
    child.once('close', (code, signal) =>
      settle({ ok: false, why: l10n.t('Its process ended with {0}. {1}', signal ?? String(code), lastLine(stderr)).trim() }),
    );
    child.send(order, () => {}); // a child that is gone already closes
  });
}

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? '';

/** The probe as a model that takes and returns its state tensor by tensor. */
function probeModel(layout: Layout): Pick<Order, 'model' | 'externalData' | 'feeds' | 'state' | 'loss'> {
  const spec = probeSpec();
  const { graph, inputs, state, outputs, nextState } = record(probeStep, spec, layout);
  const loss = graph.output(outputs.get('loss') as NonNullable<ReturnType<typeof outputs.get>>);
  const next = [...nextState].map(([name, value]) => [`state:${name}`, graph.output(value)] as const);
  const { bytes, externalData } = serialize(graph, [...inputs.values(), ...state.values()], [loss, ...next.map(([, value]) => value)]);
  const given = probeInputs();
  const feeds = [
    ...[...inputs].map(([name, value]) => ({ value, data: given[name as keyof typeof given] })),
    ...[...state].map(([name, value]) => ({ value, data: spec.state.get(name)?.data as Float32Array })),
  ].map(({ value: { name, dtype, shape }, data }) => ({ name, type: dtype, shape, data }));
  return { model: bytes, externalData, feeds, state: next.map(([input, output]) => [input, output.name] as const), loss: loss.name };
}

/** Whether two devices computed the same: each tensor within 1e-3 of its largest entry. */
export function agree(a: Reply & { ok: true }, b: Reply & { ok: true }): boolean {
  const near = (x: ArrayLike<number>, y: ArrayLike<number> | undefined) => {
    if (x.length !== y?.length) return false;
    const scale = Array.from(x).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
    return Array.from(x).every((value, i) => Math.abs(value - (y[i] as number)) <= 1e-3 * scale); // no NaN is
  };
  return near(a.losses, b.losses) && Object.entries(a.state).every(([name, values]) => near(values, b.state[name]));
}

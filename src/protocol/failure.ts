import * as z from 'zod';
import { columnRoleSchema, textTaskSchema } from './data';

/**
 * Every way in which Thaw can fail, as `room.cause`. The room decides the exit code of the terminal
 * command; the cause decides what the tab offers next.
 */
export const failureCodes = [
  'usage', // a command line that can't be understood
  'config.invalid', // unknown keys, wrong types, impossible values: all of them at once in `message`
  'config.newer', // written by a newer Thaw
  'data.missing', // the path is not there
  'data.empty', // nothing to learn from
  'data.oneClass',
  'data.tooFew', // a class has too few examples to train and check
  'data.unsupported', // not a layout that we know
  'data.unreadable', // a single file that cannot be decoded
  'data.changed', // the examples of a run are no longer what they were
  'model.missing',
  'model.unsupported', // a family, layer or setting that we do not do
  'model.corrupt', // a file that is damaged or lies about its sizes
  'hub.missing', // no such model, revision or file on the hub
  'hub.denied', // gated, private, or a token that is not accepted
  'hub.unreachable', // no network, a hub that does not answer, or HF_HUB_OFFLINE
  'hub.limited', // too many requests, and the wait it asks for is too long
  'hub.corrupt', // what arrived is not what the hub promised
  'engine.missing',
  'engine.unsupported', // an operation that the recorder cannot hold
  'engine.failed',
  'engine.outOfMemory',
  'training.diverged', // loss is NaN or infinite
  'run.missing',
  'run.corrupt',
  'run.exists', // the folder for a new run is not empty
  'run.busy', // another process is writing it
  'run.frozenChanged', // a frozen tensor has other bytes than before: never to be seen
  'io.diskFull',
  'io.permission',
  'io.gone', // a folder vanished while it was used
  'process.died',
  'interrupted',
  'unexpected',
] as const;
export type FailureCode = (typeof failureCodes)[number];

/** How a task or a choice of columns does not fit texts, for a window, which calls tasks and columns by the words of its fields. */
export const misfitSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('noTexts') }), // no column is one of texts
  z.object({ kind: z.literal('noColumn'), task: textTaskSchema, role: columnRoleSchema }), // that could play this part
  z.object({ kind: z.literal('noLabels') }), // what the column of labels holds are none
  z.object({ kind: z.literal('oneClass') }), // the column of labels says the same everywhere
  z.object({ kind: z.literal('folder'), task: textTaskSchema }), // a folder of .txt files is for other tasks
]);
export type Misfit = z.infer<typeof misfitSchema>;

/** What went wrong, in words for a person: cause in `message`, way out in `hint`, the file in `path`. */
export const failureSchema = z.object({
  code: z.enum(failureCodes),
  message: z.string(),
  hint: z.string(),
  path: z.string().optional(),
  /** Raw stack or stderr tail: behind a fold, never in the face. */
  detail: z.string().optional(),
  /** What an editor can do about it at a click. */
  remedy: z.enum(['installTensorflow']).optional(),
  misfit: misfitSchema.optional(),
});
export type Failure = z.infer<typeof failureSchema>;

/** The one error that is thrown on purpose. Anything else that is caught becomes `unexpected`. */
export class ThawError extends Error {
  readonly failure: Failure;
  constructor(
    code: FailureCode,
    message: string,
    hint: string,
    more: { path?: string; detail?: string; remedy?: Failure['remedy']; misfit?: Misfit; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'ThawError';
    const { path, detail, remedy, misfit } = more;
    this.failure = { code, message, hint, path, detail, ...(remedy && { remedy }), ...(misfit && { misfit }) };
  }
}

/** Codes of the operating system that have a remedy of their own. */
const systemCauses: Record<string, { code: FailureCode; message: string; hint: string }> = {
  ENOSPC: {
    code: 'io.diskFull',
    message: 'The disk is full.',
    hint: 'Free some space, then resume the run: earlier checkpoints are intact.',
  },
  EDQUOT: {
    code: 'io.diskFull',
    message: 'The disk quota is used up.',
    hint: 'Free some space, then resume the run: earlier checkpoints are intact.',
  },
  EACCES: { code: 'io.permission', message: 'Permission denied.', hint: 'Allow reading and writing there, or choose another folder.' },
  EPERM: { code: 'io.permission', message: 'Operation not permitted.', hint: 'Allow reading and writing there, or choose another folder.' },
  EROFS: { code: 'io.permission', message: 'The disk is read-only.', hint: 'Choose a folder on a disk that can be written.' },
  ENOENT: { code: 'io.gone', message: 'A file or folder is no longer there.', hint: 'Put it back, or start again with another folder.' },
};

/** Whatever was thrown, as a Failure that a person can act on. */
export function asFailure(error: unknown): Failure {
  if (error instanceof ThawError) return error.failure;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const system = error as { code?: string; path?: string } | null;
  const known = system?.code ? systemCauses[system.code] : undefined;
  if (known) return { ...known, path: system?.path, detail: stack };
  const message = error instanceof Error ? error.message : String(error);
  if (/out of memory|bad_alloc|Array buffer allocation failed|Failed to allocate/i.test(message))
    return {
      code: 'engine.outOfMemory',
      message: 'Not enough memory.',
      hint: 'Use a smaller batch size, a smaller image size or fewer learning layers, then resume.',
      detail: stack,
    };
  return { code: 'unexpected', message, hint: 'This is a fault in Thaw. The details help whoever mends it.', detail: stack };
}

/** Exit codes of the terminal: 1 unexpected · 2 usage or configuration · 3 data · 4 model or engine · 130 interrupted. */
export function exitCode(code: FailureCode): number {
  if (code === 'interrupted') return 130;
  const room = code.split('.')[0];
  switch (room) {
    case 'usage':
    case 'config':
      return 2;
    case 'data':
      return 3;
    case 'model':
    case 'hub':
    case 'engine':
    case 'training':
      return 4;
    default:
      return 1;
  }
}

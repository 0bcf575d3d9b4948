import type { Failure } from '../protocol/failure';

/**
 * Where a command's words go. With `--json`, stdout carries machine output alone; otherwise the result as text. Notes and
 * progress go to stderr either way.
 */
export class Output {
  constructor(readonly json: boolean) {
    for (const stream of [process.stdout, process.stderr]) stream.on('error', (error: NodeJS.ErrnoException) => this.broken(error));
  }

  /** Called when nobody reads stdout any more (`thaw runs | head -1`). */
  onClosed: () => void = () => process.exit(0);

  /** A command's result: one document with `--json`, else the text. */
  result(value: unknown, text: () => string): void {
    process.stdout.write(this.json ? `${JSON.stringify(value)}\n` : `${text().trimEnd()}\n`);
  }

  /** What a stream of events amounts to, for people: with `--json` it goes to stderr, for stdout is the machine's. */
  summary(text: string): void {
    (this.json ? process.stderr : process.stdout).write(`${text.trimEnd()}\n`);
  }

  /** One line of NDJSON; nothing without `--json`. */
  line(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** A sentence for people. */
  note(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  failure(failure: Failure): void {
    const { code, message, hint, path, detail } = failure;
    if (this.json) this.line({ error: { code, message, hint, path } });
    this.note(describeFailure(failure));
    if (detail && (code === 'unexpected' || process.env.THAW_DEBUG)) this.note(detail);
  }

  private broken(error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE') this.onClosed();
    else throw error;
  }
}

/** Cause, file and remedy, a line each. */
export function describeFailure({ message, hint, path }: Failure): string {
  const named = path && !message.includes(path) ? `${message}\n  ${path}` : message;
  return hint ? `${named}\n${hint}` : named;
}

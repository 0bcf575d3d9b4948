import { closeSync, existsSync, fstatSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import * as l10n from '@vscode/l10n';
import { type RunEvent, type RunEventBody, runEventSchema } from '../../protocol/events';
import { ThawError } from '../../protocol/failure';

const newline = 0x0a;

function parseLine(line: Buffer): RunEvent | null {
  try {
    return runEventSchema.safeParse(JSON.parse(line.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}

/**
 * The events in the bytes of an `events.ndjson`, and how many of the bytes hold them: a last line that a crash tore is left out.
 * @throws ThawError `run.corrupt` for a bad line before the last, or a gap in the numbers.
 */
export function parseEvents(bytes: Buffer, path: string): { events: RunEvent[]; length: number } {
  const events: RunEvent[] = [];
  let length = 0;
  while (length < bytes.length) {
    const end = bytes.indexOf(newline, length);
    const event = end < 0 ? null : parseLine(bytes.subarray(length, end));
    if (!event && (end < 0 || end === bytes.length - 1)) break;
    if (event?.seq !== events.length + 1)
      throw new ThawError(
        'run.corrupt',
        l10n.t('The record of events is damaged at line {0}.', events.length + 1),
        l10n.t('Delete that line and all after it, then resume the run.'),
        { path },
      );
    events.push(event);
    length = end + 1;
  }
  return { events, length };
}

/** `events.ndjson` as a reader sees it, while another process may be writing. An absent file has no events. */
export function readEvents(path: string): RunEvent[] {
  return existsSync(path) ? parseEvents(readFileSync(path), path).events : [];
}

/** The writer of `events.ndjson`. Appending is synchronous: what has been said is on file, in order. */
export class EventLog {
  private constructor(
    private readonly path: string,
    private readonly file: number,
    /** Number of the last event; 0 before the first. */
    private last: number,
  ) {}

  /** Opens or makes the file and cuts off a torn last line. */
  static open(path: string): EventLog {
    const file = openSync(path, 'a');
    const bytes = readFileSync(path);
    const { events, length } = parseEvents(bytes, path);
    if (length < bytes.length) truncateSync(path, length);
    return new EventLog(path, file, events.length);
  }

  get seq(): number {
    return this.last;
  }

  /** @throws what the system throws: ENOSPC, EACCES; ENOENT where the file was deleted under it. */
  append(body: RunEventBody): RunEvent {
    const event: RunEvent = { seq: this.last + 1, time: Date.now(), ...body };
    // A deleted file can still be written to without an error, and nobody would ever read it.
    if (fstatSync(this.file).nlink === 0) throw Object.assign(new Error(`ENOENT: ${this.path}`), { code: 'ENOENT', path: this.path });
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    let written = 0;
    while (written < line.length) written += writeSync(this.file, line, written);
    this.last = event.seq;
    return event;
  }

  /** Drops the events after number `seq`. */
  truncateAfter(seq: number): void {
    const bytes = readFileSync(this.path);
    let length = 0;
    let kept = 0;
    for (; kept < seq && length < bytes.length; kept++) length = bytes.indexOf(newline, length) + 1;
    if (length < bytes.length) truncateSync(this.path, length);
    this.last = kept;
  }

  close(): void {
    closeSync(this.file);
  }
}

import { open } from 'node:fs/promises';
import type { Disposable } from './signal';

const everyMs = 1000;
/** Of a log that is there already, only the end is shown. */
const firstBytes = 16 * 1024;

/** Follows a log file that another process appends to. */
export class LogTail implements Disposable {
  private position = -1;
  private rest = '';
  private reading = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly path: string,
    private readonly onLines: (lines: string[]) => void,
  ) {
    this.timer = setInterval(() => void this.read(), everyMs);
    this.timer.unref();
    void this.read();
  }

  /** Reads what has come since the last time; a file that is not there (yet) is no failure. */
  async read(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      const file = await open(this.path, 'r');
      try {
        const { size } = await file.stat();
        if (this.position < 0) this.position = Math.max(0, size - firstBytes);
        if (size < this.position) this.position = 0; // begun anew
        const { buffer, bytesRead } = await file.read(Buffer.alloc(size - this.position), 0, size - this.position, this.position);
        this.position += bytesRead;
        const lines = (this.rest + buffer.toString('utf8', 0, bytesRead)).split(/\r?\n/);
        this.rest = lines.pop() ?? '';
        if (lines.length) this.onLines(lines);
      } finally {
        await file.close();
      }
    } catch {
      // Not there yet, or gone with its run.
    } finally {
      this.reading = false;
    }
  }

  dispose(): void {
    clearInterval(this.timer);
  }
}

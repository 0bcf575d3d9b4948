import { appendFileSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Sessions } from './sessions';
import type { Disposable } from './signal';

/** Milliseconds between two looks at the event loop; a loop without any delay measures just that. */
const resolution = 10;

/**
 * Notes what happens as JSON lines in the file that THAW_TEST_LOG names, for tests and the benchmark; null without it.
 */
export class TestLog implements Disposable {
  private readonly delay: IntervalHistogram = monitorEventLoopDelay({ resolution });

  private constructor(private readonly file: string) {
    this.delay.enable();
  }

  static open(): TestLog | null {
    const file = process.env.THAW_TEST_LOG;
    return file ? new TestLog(file) : null;
  }

  note(event: string, facts: Record<string, unknown> = {}): void {
    appendFileSync(this.file, `${JSON.stringify({ time: Date.now(), event, ...facts })}\n`);
  }

  /** Notes the course of runs, and how long the host's event loop was held up from a run's beginning to its end. */
  follow(sessions: Sessions): void {
    sessions.opened.on((session) => {
      this.delay.reset();
      this.note('run', { run: session.folder, state: session.state, live: session.live });
      session.stateChanged.on((state) => {
        const p99 = Math.max(0, this.delay.percentile(99) / 1e6 - resolution);
        this.note('state', { run: session.folder, state, events: session.events.length, eventLoopDelayP99: p99 });
      });
    });
  }

  dispose(): void {
    this.delay.disable();
  }
}

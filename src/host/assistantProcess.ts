import { type ChildProcess, fork } from 'node:child_process';
import * as l10n from '@vscode/l10n';
import type * as z from 'zod';
import { type AssistantAnswers, type AssistantRequest, answerSchemas, assistantMessageSchema } from '../protocol/assistant';
import { ThawError } from '../protocol/failure';
import { type ChildSettings, childEnvironment } from './childEnvironment';

export type AssistantQuestion = Exclude<keyof AssistantAnswers, 'cancel'>;
/** A request without what the process adds to it. */
export type Asked<T extends AssistantQuestion> = Omit<Extract<AssistantRequest, { type: T }>, 'id' | 'type'>;

export interface AskOptions<T extends AssistantQuestion> {
  /** Tells the child to give up; the promise then rejects with `interrupted`. */
  readonly signal?: AbortSignal;
  /** An answer as far as it is known. */
  readonly onProgress?: (answer: AssistantAnswers[T]) => void;
}

/** What looks at data and models for the host. */
export interface Assistant {
  /** @throws ThawError what the child failed with, `process.died` or `interrupted` */
  ask<T extends AssistantQuestion>(type: T, question: Asked<T>, options?: AskOptions<T>): Promise<AssistantAnswers[T]>;
}

interface Pending {
  progress(value: unknown): void;
  done(value: unknown): void;
  failed(error: ThawError): void;
}

const stderrLines = 40;

/** The forked assistant: started by the first request, and again by the first one after it died or was idle for long. */
export class AssistantProcess implements Assistant {
  private child: ChildProcess | null = null;
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private stderr: string[] = [];
  private idle: NodeJS.Timeout | null = null;

  /** @param idleMs after so long without a request the process ends, and gives back its memory */
  constructor(
    private readonly settings: () => ChildSettings,
    private readonly log: (line: string) => void,
    private readonly idleMs = 5 * 60_000,
  ) {}

  /** Starts the process ahead of the first request. */
  warm(): void {
    this.start();
  }

  ask<T extends AssistantQuestion>(type: T, question: Asked<T>, { signal, onProgress }: AskOptions<T> = {}): Promise<AssistantAnswers[T]> {
    if (signal?.aborted) return Promise.reject(interrupted());
    const child = this.start();
    if (this.idle) clearTimeout(this.idle);
    const id = this.nextId++;
    const schema = answerSchemas[type] as unknown as z.ZodType<AssistantAnswers[T]>;
    return new Promise((resolve, reject) => {
      const cancel = () => {
        if (!this.pending.delete(id)) return;
        this.restIfIdle();
        child.send({ id: this.nextId++, type: 'cancel', request: id } satisfies AssistantRequest, () => {});
        reject(interrupted());
      };
      signal?.addEventListener('abort', cancel, { once: true });
      const settle = (act: () => void) => {
        signal?.removeEventListener('abort', cancel);
        this.pending.delete(id);
        this.restIfIdle();
        act();
      };
      this.pending.set(id, {
        progress: (value) => onProgress?.(schema.parse(value)),
        done: (value) => {
          const parsed = schema.safeParse(value);
          settle(() => (parsed.success ? resolve(parsed.data) : reject(nonsense(type, parsed.error.message))));
        },
        failed: (error) => settle(() => reject(error)),
      });
      child.send({ id, type, ...question }, (error) => {
        if (error) this.pending.get(id)?.failed(this.death(error.message));
      });
    });
  }

  dispose(): void {
    if (this.idle) clearTimeout(this.idle);
    this.child?.kill();
  }

  private restIfIdle(): void {
    if (this.pending.size > 0) return;
    if (this.idle) clearTimeout(this.idle);
    this.idle = setTimeout(() => this.child?.kill(), this.idleMs).unref();
  }

  private start(): ChildProcess {
    if (this.child) return this.child;
    const settings = this.settings();
    const child = fork(settings.script, ['assistant'], {
      execArgv: [],
      env: childEnvironment(settings),
      serialization: 'advanced', // pictures travel as bytes
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.child = child;
    this.stderr = [];
    child.on('message', (message) => this.receive(message));
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        for (const line of text.split(/\r?\n/).filter(Boolean)) {
          this.stderr = [...this.stderr, line].slice(-stderrLines);
          this.log(line);
        }
      });
    // `close` comes after the last of stderr has been read; a process that could not be started has no `close`.
    child.on('error', (error) => this.end(child, error.message));
    child.on('close', (code, signal) => this.end(child, signal ?? `exit code ${code}`));
    return child;
  }

  private receive(message: unknown): void {
    const parsed = assistantMessageSchema.safeParse(message);
    if (!parsed.success) {
      this.log(`Not understood: ${parsed.error.message}`);
      return;
    }
    const answer = parsed.data;
    const pending = this.pending.get(answer.id); // absent once cancelled
    switch (answer.type) {
      case 'progress':
        pending?.progress(answer.value);
        break;
      case 'done':
        pending?.done(answer.value);
        break;
      case 'failed': {
        const { code, message, hint, ...more } = answer.failure;
        pending?.failed(new ThawError(code, message, hint, more));
        break;
      }
    }
  }

  private end(child: ChildProcess, how: string): void {
    if (this.child !== child) return;
    this.child = null;
    const error = this.death(how);
    for (const pending of [...this.pending.values()]) pending.failed(error);
  }

  private death(how: string): ThawError {
    return new ThawError(
      'process.died',
      l10n.t('The process that looks at data and models has ended ({0}).', how),
      l10n.t('Try again: it starts afresh. If that does not help, see the output channel “Thaw”.'),
      { detail: this.stderr.join('\n') || undefined },
    );
  }
}

function interrupted(): ThawError {
  return new ThawError('interrupted', l10n.t('No longer needed.'), '');
}

function nonsense(type: string, detail: string): ThawError {
  return new ThawError('unexpected', l10n.t('The answer to “{0}” could not be read.', type), l10n.t('Reload the window and try again.'), {
    detail,
  });
}

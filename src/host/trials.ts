import { asFailure } from '../protocol/failure';
import type { FromPanel, PanelState, Trial } from '../protocol/panel';
import type { Assistant } from './assistantProcess';
import type { Disposable } from './signal';
import type { Picture } from './tabServices';

/** Milliseconds between two pictures of a text that is being written: nobody reads quicker. */
const pace = 50;

/** Try it: what the model of the run in a tab makes of a picture, a text or a prompt. */
export class Trials implements Disposable {
  private writing = new AbortController();

  constructor(
    private readonly assistant: Assistant,
    private readonly run: () => { path: string } | null,
    private readonly show: (part: Pick<PanelState, 'trial'>) => void,
  ) {}

  async picture({ name, bytes }: Picture & { bytes: Uint8Array<ArrayBuffer> }): Promise<void> {
    await this.ask({ name }, { name, bytes });
  }

  async text({ text, pair }: Extract<FromPanel, { type: 'tryText' }>): Promise<void> {
    const about = { name: text, ...(pair !== null && { pair }) };
    await this.ask(about, { name: 'text', text, ...(pair !== null && { pair }) });
  }

  /** A text as it is written, until it ends or somebody stops it. */
  async write({ prompt, options }: Extract<FromPanel, { type: 'write' }>): Promise<void> {
    const run = this.run();
    if (!run) return;
    this.writing.abort();
    this.writing = new AbortController();
    const { signal } = this.writing;
    const name = typeof prompt === 'string' ? prompt : (prompt.at(-1)?.content ?? '');
    let text = '';
    let shown = 0;
    const trial = (part: Partial<Trial>) =>
      this.show({ trial: { name, busy: false, answer: null, failure: null, written: { text, result: null }, ...part } });
    trial({ busy: true });
    const onProgress = ({ delta }: { delta: string }) => {
      text += delta;
      if (signal.aborted || performance.now() - shown < pace) return;
      shown = performance.now();
      trial({ busy: true });
    };
    try {
      const { result = null } = await this.assistant.ask('generate', { model: run.path, prompt, options }, { signal, onProgress });
      text = result?.text ?? text;
      trial({ written: { text, result } });
    } catch (error) {
      if (this.writing.signal !== signal) return; // another has begun
      const failure = asFailure(error);
      trial(failure.code === 'interrupted' ? {} : { failure });
    }
  }

  stopWriting(): void {
    this.writing.abort();
  }

  dispose(): void {
    this.writing.abort();
  }

  private async ask(
    about: Pick<Trial, 'name' | 'pair'>,
    question: { name: string; bytes?: Uint8Array<ArrayBuffer>; text?: string; pair?: string },
  ): Promise<void> {
    const run = this.run();
    if (!run) return;
    const trial: Trial = { ...about, busy: false, answer: null, failure: null };
    this.show({ trial: { ...trial, busy: true } });
    try {
      this.show({ trial: { ...trial, answer: await this.assistant.ask('predict', { run: run.path, ...question }) } });
    } catch (error) {
      this.show({ trial: { ...trial, failure: asFailure(error) } });
    }
  }
}

import type { Generator } from '../core/generation';
import type { Generated, GenerationOptions, Turn } from '../protocol/generation';
import { Pool } from './pool';

interface Writing extends GenerationOptions {
  readonly signal: AbortSignal;
  /** Takes the text as it comes. */
  readonly tell: (delta: string) => void;
}

/** Keeps the model that wrote last, for the next text. */
export class WarmGenerator {
  private loaded: { readonly id: string; readonly generator: Generator; readonly dispose: () => Promise<void> } | undefined;
  /** One at a time: a text that is cancelled ends before the next begins. */
  private readonly turn = new Pool(1);

  write(id: string, prompt: string | readonly Turn[], { tell, ...options }: Writing): Promise<Generated> {
    return this.turn.run(async () => {
      options.signal.throwIfAborted();
      const generator = await this.of(id);
      const { text, ids } = generator.promptOf(prompt);
      const writing = generator.write(ids, options);
      for (;;) {
        const { value, done } = await writing.next();
        if (!done) tell(value);
        else {
          const { ids: _, ...result } = value;
          return { prompt: text, ...result };
        }
      }
    });
  }

  private async of(id: string): Promise<Generator> {
    if (this.loaded?.id === id) return this.loaded.generator;
    await this.loaded?.dispose();
    this.loaded = undefined;
    const { openGenerator } = await import('../core/generation');
    const { createEngine } = await import('../core/engine');
    const { modelsFolder } = await import('../core/weights');
    const engine = await createEngine('onnx', { threads: 0 });
    const generator = await openGenerator(engine, id, { modelsFolder: modelsFolder() });
    this.loaded = { id, generator, dispose: () => engine.dispose() };
    return generator;
  }
}

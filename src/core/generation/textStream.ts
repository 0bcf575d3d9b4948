import type { TextTokenizer } from '../text';

/** Tokens before a text with which its first ones are read: some tokenizers drop the space that a text begins with. */
const before = 6;
/** What a decoder puts for bytes that are no character, or not yet one. */
const replacement = '\uFFFD';

/**
 * Tokens as text while they come. A piece is given out when it is certain: when its last character is whole, and when it
 * cannot be the beginning of a stop text.
 */
export class TextStream {
  private ids: number[];
  /** Tokens up to `known` are given out; those from `from` on are decoded with what comes, as it may depend on them. */
  private from = 0;
  private known: number;
  private held = '';
  /** Whether a stop text came. */
  stopped = false;

  /** @param prompt tokens that the text goes on from */
  constructor(
    private readonly tokenizer: Pick<TextTokenizer, 'decode'>,
    private readonly stops: readonly string[],
    prompt: readonly number[] = [],
  ) {
    this.ids = prompt.slice(-before);
    this.known = this.ids.length;
  }

  /** @returns what has become certain, '' where nothing has */
  push(id: number): string {
    this.ids.push(id);
    const piece = this.decoded();
    if (piece === null) return '';
    if (piece) this.from = this.known; // else what comes needs the tokens before these to be read with
    this.known = this.ids.length;
    return this.released(piece);
  }

  /** What was held back, at the end. */
  end(): string {
    const rest = this.stopped ? '' : this.released(this.remaining());
    const last = rest + (this.stopped ? '' : this.held);
    this.held = '';
    return last;
  }

  /** Null while the last character is not whole. */
  private decoded(): string | null {
    const [old, all] = [this.tokenizer.decode(this.ids.slice(this.from, this.known)), this.tokenizer.decode(this.ids.slice(this.from))];
    return all.endsWith(replacement) || !all.startsWith(old) ? null : all.slice(old.length);
  }

  /** What will not become whole any more. */
  private remaining(): string {
    const [old, all] = [this.tokenizer.decode(this.ids.slice(this.from, this.known)), this.tokenizer.decode(this.ids.slice(this.from))];
    return all.startsWith(old) ? all.slice(old.length) : this.tokenizer.decode(this.ids.slice(this.known));
  }

  private released(piece: string): string {
    const text = this.held + piece;
    const stop = this.stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    if (stop.length > 0) {
      this.stopped = true;
      this.held = '';
      return text.slice(0, Math.min(...stop));
    }
    const kept = Math.max(0, ...this.stops.map((stop) => begun(text, stop)));
    this.held = text.slice(text.length - kept);
    return text.slice(0, text.length - kept);
  }
}

/** How many characters at the end of a text are the beginning of the stop text. */
function begun(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}

import type { TokensAnswer } from '../src/protocol/assistant';
import type { TextRow } from '../src/protocol/data';
import type { Failure } from '../src/protocol/failure';
import type { FromPanel } from '../src/protocol/panel';
import { Lru } from './logic/lru';
import { Pulse } from './logic/pulse';

type Question = Omit<Extract<FromPanel, { type: 'tokens' }>, 'type'>;
/** How the texts of a row are read. */
export type Reading = Pick<Question, 'pair' | 'chat'>;

/** Rows whose tokens are kept. */
const kept = 100;
/** Of one row; a conversation has hardly as many. */
const mostTexts = 2000;

/** The tokens of rows that were opened. */
export class TextTokens {
  readonly pulse = new Pulse();
  private readonly answers = new Lru<string, TokensAnswer | Failure | 'asked' | 'none'>(kept, () => {});

  constructor(private readonly ask: (question: Question) => void) {}

  /** Or why there are none; undefined while they are not there; null while no model is there to read the row. */
  get(row: TextRow, reading: Reading): TokensAnswer | Failure | null | undefined {
    const answer = this.answers.get(row.where);
    if (answer === undefined) {
      this.answers.set(row.where, 'asked');
      this.ask({ where: row.where, texts: row.fields.slice(0, mostTexts), ...reading });
    }
    return answer === 'asked' ? undefined : answer === 'none' ? null : answer;
  }

  receive(where: string, answer: TokensAnswer | Failure | null): void {
    this.answers.set(where, answer ?? 'none');
    this.pulse.beat();
  }

  clear(): void {
    this.answers.clear();
    this.pulse.beat();
  }
}

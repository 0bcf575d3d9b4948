import * as l10n from '@vscode/l10n';
import type { TextRow, Token, Tokens } from '../../src/protocol/data';
import { hasClasses } from '../../src/protocol/defaults';
import { number } from '../format';
import { shownText } from '../logic/shownText';
import { Bone } from '../parts/controls';
import { Icon } from '../parts/icon';
import { panel, textTokens } from '../session';
import { usePulse, useStore } from '../store';
import type { Reading } from '../textTokens';

/** The tokens of a row as the model takes it, and where it is cut off. */
export function RowTokens({ row, ...reading }: { row: TextRow } & Reading) {
  usePulse(textTokens.pulse, 30);
  const answer = textTokens.get(row, reading);
  if (answer === null) return null;
  if (!answer)
    return (
      <div class="tokens" aria-busy="true">
        <Bone width="70%" height={18} />
      </div>
    );
  if ('code' in answer) return <Warning words={answer.message} />;
  return (
    <>
      {answer.texts.map((tokens, i) => (
        <TokenList key={i} tokens={tokens} limit={answer.limit} {...reading} />
      ))}
    </>
  );
}

function TokenList({ tokens: { tokens, count, kept }, limit, pair, chat }: { tokens: Tokens; limit: number | null } & Reading) {
  const splits = useStore(panel, (s) => s.training.longTexts === 'windows' && s.data !== null && hasClasses(s.data.summary.task));
  const isLong = count > kept && limit !== null;
  const cut = splits ? 0 : count - kept;
  const rest = count - tokens.length;
  // What ends a text is kept, what ends a conversation is not; of a pair the longer one is cut, which need not be the second.
  const ending = rest > 0 || chat ? 0 : tokens.length - 1 - tokens.findLastIndex(({ kind }) => kind !== 'special');
  const end = cut > 0 && !pair ? kept - ending : Number.POSITIVE_INFINITY;
  return (
    <>
      <ul class="tokens" aria-label={l10n.t('Tokens')}>
        {tokens.map((token, i) => (
          <TokenChip key={i} token={token} cut={i >= end && (chat || token.kind !== 'special')} />
        ))}
        {rest > 0 && <li class="dim">{l10n.t('and {0} more', number(rest))}</li>}
      </ul>
      {chat && <p class="dim small">{l10n.t('Underlined tokens are learned, the others only read.')}</p>}
      {isLong && splits && (
        <p class="dim small">{l10n.t('{0} tokens, split into windows of {1} at most.', number(count), number(limit))}</p>
      )}
      {isLong && !splits && (
        <Warning words={l10n.t('{0} tokens, of which {1} are used: {2} are cut off.', number(count), number(kept), number(cut))} />
      )}
    </>
  );
}

function Warning({ words }: { words: string }) {
  return (
    <p class="warn small">
      <Icon name="warning" kind="small" />
      {words}
    </p>
  );
}

function TokenChip({ token: { id, token, shown, kind, learned = false }, cut }: { token: Token; cut: boolean }) {
  const words = [`${shownText(token)} · ${number(id)}`];
  if (kind === 'special') words.push(l10n.t('added by the model'));
  if (kind === 'unknown') words.push(l10n.t('not in the vocabulary'));
  if (learned && !cut) words.push(l10n.t('part of an answer: learned'));
  if (cut) words.push(l10n.t('cut off'));
  return (
    <li class={`token ${kind} ${learned && !cut ? 'learned' : ''} ${cut ? 'cut' : ''}`} title={words.join(' · ')}>
      <bdi>{shownText(shown)}</bdi>
    </li>
  );
}

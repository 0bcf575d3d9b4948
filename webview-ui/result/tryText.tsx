import * as l10n from '@vscode/l10n';
import { useEffect, useState } from 'preact/hooks';
import { post } from '../host';
import { FailureBox } from '../parts/failureBox';
import { Icon } from '../parts/icon';
import { panel } from '../session';
import { useStore } from '../store';
import { Probabilities } from './probabilities';

/** Milliseconds after the last letter typed. */
const typingMs = 400;

/** Type a text, or two, and see what the model makes of it. */
export function TryText({ pairs }: { pairs: boolean }) {
  const trial = useStore(panel, (s) => s.trial);
  const [text, setText] = useState(trial?.name ?? '');
  const [second, setSecond] = useState(trial?.pair ?? '');
  const isWhole = text.trim() !== '' && (!pairs || second.trim() !== '');
  useEffect(() => {
    const pair = pairs ? second : null;
    if (!isWhole || (trial?.name === text && (trial.pair ?? null) === pair)) return;
    const timer = setTimeout(() => post({ type: 'tryText', text, pair }), typingMs);
    return () => clearTimeout(timer);
  }, [text, second]);
  return (
    <>
      <h3>{l10n.t('Try it')}</h3>
      <div class="two try">
        <div class="try-texts">
          <TextBox label={pairs ? l10n.t('First text') : l10n.t('Text to try')} hidden={!pairs} text={text} onInput={setText} />
          {pairs && <TextBox label={l10n.t('Second text')} hidden={false} text={second} onInput={setSecond} />}
        </div>
        {trial?.failure ? (
          <FailureBox failure={trial.failure} />
        ) : trial?.answer && isWhole ? (
          <Probabilities answer={trial.answer} />
        ) : (
          isWhole && (
            <p class="busy" role="status">
              <Icon name="spin" kind="spin" /> {l10n.t('Reading it')}
            </p>
          )
        )}
      </div>
    </>
  );
}

interface BoxProps {
  label: string;
  /** Whether the label is for screen readers alone. */
  hidden: boolean;
  text: string;
  onInput: (text: string) => void;
  rows?: number;
}

export function TextBox({ label, hidden, text, onInput, rows = 3 }: BoxProps) {
  return (
    <label class="text-box">
      <span class={hidden ? 'sr' : ''}>{label}</span>
      <textarea
        class="input"
        rows={rows}
        dir="auto"
        value={text}
        placeholder={label}
        spellcheck={false}
        maxLength={200_000}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  );
}

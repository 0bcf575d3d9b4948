import * as l10n from '@vscode/l10n';
import { useState } from 'preact/hooks';
import type { Finish, GenerationOptions, Turn } from '../../src/protocol/generation';
import { decimal, number } from '../format';
import { post } from '../host';
import { shownText } from '../logic/shownText';
import { Button, Select } from '../parts/controls';
import { FailureBox } from '../parts/failureBox';
import { Icon } from '../parts/icon';
import { panel, run } from '../session';
import { useStore } from '../store';
import { TextBox } from './tryText';

type Task = 'causal-lm' | 'chat' | 'text-to-text';

function boxLabel(task: Task): string {
  switch (task) {
    case 'causal-lm':
      return l10n.t('Beginning of a text');
    case 'chat':
      return l10n.t('Message');
    case 'text-to-text':
      return l10n.t('Source');
  }
}

function finishWord(finish: Finish): string {
  switch (finish) {
    case 'eos':
      return l10n.t('ended by the model');
    case 'stop':
      return l10n.t('ended by a stop text');
    case 'length':
      return l10n.t('cut at the most tokens');
  }
}

/** Lets the model write: it goes on from a text, answers, or turns one text into another; word by word, until stopped. */
export function TryWriting({ task }: { task: Task }) {
  const trial = useStore(panel, (s) => s.trial);
  const [text, setText] = useState(trial?.name ?? '');
  const [turns, setTurns] = useState<Turn[]>([]);
  const [options, setOptions] = useState<Pick<GenerationOptions, 'maxNewTokens' | 'temperature'>>({ maxNewTokens: 128, temperature: 0 });
  const prefix = task === 'text-to-text' ? (run.current.config?.data.prefix ?? '') : '';
  const busy = trial?.busy ?? false;
  const written = trial?.written;
  const write = () => {
    if (busy || text.trim() === '') return;
    const all: GenerationOptions = {
      ...options,
      topK: 0,
      topP: options.temperature > 0 ? 0.95 : 1,
      beams: 1,
      stop: [],
      seed: Date.now() % 1e9,
    };
    if (task !== 'chat') return post({ type: 'write', prompt: text, options: all });
    // What has been said stays said: the last answer belongs to it.
    const said: Turn[] = written?.text ? [...turns, { role: 'assistant', content: written.text }] : turns;
    const next: Turn[] = [...said, { role: 'user', content: text }];
    setTurns(next);
    setText('');
    post({ type: 'write', prompt: next, options: all });
  };
  return (
    <>
      <h3>{l10n.t('Try it')}</h3>
      {task === 'chat' && <Conversation turns={turns} />}
      {written && <Writing task={task} />}
      {trial?.failure && <FailureBox failure={trial.failure} />}
      <form
        class="write"
        onSubmit={(event) => {
          event.preventDefault();
          write();
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          write();
        }}
      >
        <TextBox label={boxLabel(task)} hidden={false} text={text} onInput={setText} />
        {prefix !== '' && <p class="dim small">{l10n.t('The model reads it after “{0}”.', prefix)}</p>}
        <div class="write-acts">
          <Select
            label={l10n.t('Most tokens')}
            value={options.maxNewTokens}
            options={[32, 64, 128, 256, 512, 1024].map((n) => [n, number(n)])}
            onChange={(maxNewTokens) => setOptions({ ...options, maxNewTokens })}
          />
          <Select
            label={l10n.t('Temperature')}
            value={options.temperature}
            options={[0, 0.5, 0.8, 1, 1.3].map((t) => [t, t === 0 ? l10n.t('0 (the likeliest)') : decimal(t, 1)])}
            onChange={(temperature) => setOptions({ ...options, temperature })}
          />
          <span class="buttons">
            {task === 'chat' && turns.length > 0 && !busy && <Button label={l10n.t('New conversation')} onClick={() => setTurns([])} />}
            {busy ? (
              <Button label={l10n.t('Stop')} icon="stop" onClick={() => post({ type: 'stopWriting' })} />
            ) : (
              <Button label={task === 'chat' ? l10n.t('Send') : l10n.t('Write')} disabled={text.trim() === ''} onClick={write} />
            )}
          </span>
        </div>
      </form>
    </>
  );
}

/** What is written, after what it goes on from. */
function Writing({ task }: { task: Task }) {
  const trial = useStore(panel, (s) => s.trial);
  if (!trial?.written) return null;
  const { text, result } = trial.written;
  const facts = result && [
    finishWord(result.finish),
    l10n.t('{0} tokens', number(result.tokens)),
    l10n.t('{0} tokens/s', number(result.tokensPerSecond)),
  ];
  return (
    <div class="written" role="group" aria-label={l10n.t('What the model writes')} aria-busy={trial.busy}>
      <p class="written-text" dir="auto" aria-live="polite">
        {task === 'causal-lm' && <span class="dim">{shownText(trial.name)}</span>}
        <span>{shownText(task === 'causal-lm' ? text : text.trimStart())}</span>
        {trial.busy && <span class="caret" aria-hidden="true" />}
      </p>
      <p class="dim small">
        {trial.busy ? (
          <span class="busy">
            <Icon name="spin" kind="spin" /> {l10n.t('Writing')}
          </span>
        ) : (
          (facts?.join(' · ') ?? l10n.t('stopped'))
        )}
      </p>
    </div>
  );
}

function Conversation({ turns }: { turns: readonly Turn[] }) {
  if (turns.length === 0) return null;
  return (
    <ul class="conversation" aria-label={l10n.t('Conversation')}>
      {turns.map(({ role, content }, i) => (
        <li key={i} class={role}>
          <span class="text-role">{role === 'user' ? l10n.t('you') : l10n.t('model')}</span>
          <span class="text-whole" dir="auto">
            {shownText(content)}
          </span>
        </li>
      ))}
    </ul>
  );
}

import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import { figureOf } from '../src/protocol/figure';
import type { PanelState } from '../src/protocol/panel';
import { clock, figureWords, number, roughly } from './format';
import { post } from './host';
import { regionNames } from './logic/view';
import { Button, Link, Rich, sizes } from './parts/controls';
import { Icon, type IconName } from './parts/icon';
import { goTo, regionId, regionTitle } from './parts/region';
import { panel, refused, run, runPulse, runTask } from './session';
import { usePulse, useStore } from './store';

const num = (text: string) => <span class="num">{text}</span>;

function epochWords(sentence: string): ComponentChildren {
  const { epoch, epochs } = run.current;
  return <Rich sentence={sentence} parts={[num(number(Math.max(1, epoch))), num(number(epochs))]} />;
}

/** Many texts take minutes until they are read and cut into tokens. */
function preparedWords({ done, total }: NonNullable<PanelState['prepared']>): ComponentChildren {
  const counted = total === null ? l10n.t('{0} rows', number(done)) : l10n.t('{0} of {1}', number(done), number(total));
  return (
    <>
      {l10n.t('Reading texts')}
      <span class="num" aria-hidden="true">{` · ${counted}`}</span>
    </>
  );
}

/** What changes every second is hidden from screen readers here, which would read it out each time: the figures have it. */
function stateWords(state: PanelState): { icon: IconName; kind?: string; words: ComponentChildren } {
  const { prepare, epochs, report, secondsLeft } = run.current;
  switch (state.phase) {
    case 'loading':
    case 'ready':
      if (state.dataFailure || state.modelFailure) return { icon: 'error', kind: 'bad', words: l10n.t('Can’t start yet') };
      return state.phase === 'ready' ? { icon: 'pass', words: l10n.t('Ready') } : { icon: 'spin', kind: 'spin', words: l10n.t('Reading') };
    case 'starting':
      return { icon: 'spin', kind: 'spin', words: state.prepared ? preparedWords(state.prepared) : l10n.t('Starting') };
    case 'preparing':
      return {
        icon: 'spin',
        kind: 'spin',
        words: prepare ? (
          <>
            {l10n.t('Preparing features')}
            <span aria-hidden="true">
              {' · '}
              <Rich sentence={l10n.t('{0} of {1}')} parts={[num(number(prepare.done)), num(number(prepare.total))]} />
            </span>
          </>
        ) : (
          l10n.t('Preparing')
        ),
      };
    case 'training':
      return {
        icon: 'spin',
        kind: 'spin',
        words: (
          <>
            {epochWords(l10n.t('Epoch {0} of {1}'))}
            {secondsLeft !== null && (
              <span class="rest" aria-hidden="true">
                {' · '}
                <Rich sentence={l10n.t('{0} left')} parts={[num(clock(secondsLeft))]} />
              </span>
            )}
          </>
        ),
      };
    case 'paused':
      return { icon: 'halt', words: epochs > 0 ? epochWords(l10n.t('Paused in epoch {0} of {1}')) : l10n.t('Paused') };
    case 'finished': {
      const evaluation = report?.test ?? report?.validation;
      const figure = evaluation && figureWords(figureOf(runTask(), evaluation));
      const sentence = report?.test ? l10n.t('{0} on test', figure ?? '') : l10n.t('{0} on validation', figure ?? '');
      return {
        icon: 'pass',
        kind: 'good',
        words: (
          <>
            {l10n.t('Finished')}
            {figure && (
              <>
                {' · '}
                <Link onClick={() => goTo('Result')}>{sentence}</Link>
              </>
            )}
          </>
        ),
      };
    }
    case 'stopped':
      return { icon: 'halted', words: epochs > 0 ? epochWords(l10n.t('Stopped in epoch {0} of {1}')) : l10n.t('Stopped') };
    case 'failed':
      return { icon: 'error', kind: 'bad', words: epochs > 0 ? epochWords(l10n.t('Failed in epoch {0} of {1}')) : l10n.t('Failed') };
    case 'ended':
      return {
        icon: 'halted',
        words: epochs > 0 ? epochWords(l10n.t('Interrupted in epoch {0} of {1}')) : l10n.t('Interrupted'),
      };
  }
}

function StartTraining({ primary }: { primary: boolean }) {
  const trusted = useStore(panel, (s) => s.trusted);
  const able = useStore(
    panel,
    (s) => s.data !== null && (s.examples.length > 0 || s.textRows.length > 0) && s.layers !== null && s.dataFailure === null,
  );
  const wrong = useStore(refused, (r) => r.fields.size > 0);
  if (!trusted)
    return (
      <>
        <span class="untrusted">{l10n.t('Training needs a workspace that you trust.')}</span>
        <Button label={l10n.t('Manage workspace trust')} primary={primary} onClick={() => post({ type: 'manageTrust' })} />
      </>
    );
  return (
    <Button
      label={l10n.t('Start training')}
      primary={primary}
      disabled={!able || wrong}
      title={wrong ? l10n.t('A field under Training has a value that can’t be used.') : undefined}
      onClick={() => post({ type: 'start' })}
    />
  );
}

/** One filled button at a time: the next thing that a person is likely to want. */
function Actions({ state }: { state: PanelState }) {
  const pause = <Button label={l10n.t('Pause')} icon="pause" onClick={() => post({ type: 'pause' })} />;
  const resume = (
    <Button label={l10n.t('Resume')} icon="play" primary={true} disabled={!state.trusted} onClick={() => post({ type: 'resume' })} />
  );
  const stop = <Button label={l10n.t('Stop')} icon="stop" title={l10n.t('Keeps the best model')} onClick={() => post({ type: 'stop' })} />;
  const canResume = state.run !== null && run.current.lastCheckpoint !== null;
  switch (state.phase) {
    case 'loading':
      return <StartTraining primary={true} />;
    case 'ready':
      return (
        <>
          {state.cost && state.trusted && <span class="estimate">{l10n.t('about {0}', roughly(state.cost.totalSeconds))}</span>}
          <StartTraining primary={true} />
        </>
      );
    case 'starting':
      return state.prepared ? <Button label={l10n.t('Stop')} icon="stop" onClick={() => post({ type: 'stop' })} /> : null;
    case 'preparing':
      return stop;
    case 'training':
      return (
        <>
          {pause}
          {stop}
        </>
      );
    case 'paused':
      return (
        <>
          {resume}
          {stop}
        </>
      );
    case 'finished':
    case 'stopped':
      return <StartTraining primary={false} />;
    case 'failed':
    case 'ended':
      return canResume ? (
        <>
          <StartTraining primary={false} />
          {resume}
        </>
      ) : (
        <StartTraining primary={true} />
      );
  }
}

/** The 2 px line under the header: what is read, prepared or trained so far. */
function Progress({ state }: { state: PanelState }) {
  const { prepare, progress } = run.current;
  const bar = (share: number) => (
    <div
      class={`progress ${state.phase}`}
      role="progressbar"
      aria-label={l10n.t('Progress of the run')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <i style={sizes({ v: `${(share * 100).toFixed(2)}%` })} />
    </div>
  );
  switch (state.phase) {
    case 'loading':
      if (state.dataFailure || state.modelFailure) return null;
      return <Endless label={l10n.t('Reading the data')} />;
    case 'starting':
      return state.prepared?.total ? bar(state.prepared.done / state.prepared.total) : <Endless label={l10n.t('Starting')} />;
    case 'preparing':
      return prepare && prepare.total > 0 ? bar(prepare.done / prepare.total) : <Endless label={l10n.t('Preparing')} />;
    case 'training':
    case 'paused':
    case 'failed':
    case 'ended':
    case 'stopped':
      return bar(progress);
    case 'ready':
    case 'finished':
      return null;
  }
}

function Endless({ label }: { label: string }) {
  return (
    <div class="progress endless" role="progressbar" aria-label={label}>
      <i />
    </div>
  );
}

export function Header() {
  const state = useStore(panel, (s) => s);
  usePulse(runPulse, 1000);
  const { icon, kind, words } = stateWords(state);
  const shown = regionNames.filter((name) => name !== 'Result' || state.phase === 'finished' || state.phase === 'stopped');
  return (
    <header class="bar">
      <h1 title={state.folder}>
        <Icon name={/\.(csv|tsv|tab|jsonl|ndjson|json|parquet|txt)(\.gz)?$/i.test(state.title) ? 'table' : 'folder'} />
        <span>{state.title}</span>
      </h1>
      <p class={`state ${state.phase}`} role="status">
        <Icon name={icon} kind={kind} />
        <span class="words">{words}</span>
      </p>
      <div class="buttons">
        <Actions state={state} />
      </div>
      <nav class="jump" aria-label={l10n.t('Regions')}>
        {shown.map((name) => (
          <a
            key={name}
            href={`#${regionId(name)}`}
            onClick={(event) => {
              event.preventDefault();
              goTo(name);
            }}
          >
            {regionTitle(name)}
          </a>
        ))}
      </nav>
      <Progress state={state} />
    </header>
  );
}

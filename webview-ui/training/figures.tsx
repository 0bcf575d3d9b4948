import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import { figureOf } from '../../src/protocol/figure';
import type { PanelPhase } from '../../src/protocol/panel';
import { isTexts } from '../../src/protocol/tasks';
import { bytes, clock, figureValue, number } from '../format';
import { panel, run, runPulse, runTask } from '../session';
import { usePulse, useStore } from '../store';

type Figure = [name: string, value: ComponentChildren];

/** `97 examples/s`: the figure, and its unit smaller. */
function Quantity({ value, unit }: { value: string; unit: string }) {
  return (
    <>
      {value} <small>{unit}</small>
    </>
  );
}

const memoryWords = (x: number) => (x > 0 ? bytes(x) : '–');

function preparing(): Figure[] {
  const { prepare, memory } = run.current;
  const pace = prepare?.perSecond ?? 0;
  return [
    [l10n.t('Features'), prepare ? <Quantity value={number(prepare.done)} unit={l10n.t('of {0}', number(prepare.total))} /> : '–'],
    [l10n.t('Time left'), prepare && pace > 0 ? clock((prepare.total - prepare.done) / pace) : '–'],
    [
      l10n.t('Speed'),
      pace > 0 ? <Quantity value={number(pace)} unit={isTexts(runTask()) ? l10n.t('texts/s') : l10n.t('pictures/s')} /> : '–',
    ],
    [l10n.t('Memory'), memoryWords(memory)],
    [l10n.t('Best'), '–'],
  ];
}

function learning(phase: PanelPhase): Figure[] {
  const { epoch, epochs, rows, secondsLeft, seconds, speed, memory, peakMemory, report, best } = run.current;
  const brokeOff = phase === 'failed' || phase === 'ended';
  const over = brokeOff || phase === 'finished' || phase === 'stopped';
  const shown = phase === 'finished' ? (rows.at(-1)?.epoch ?? epoch) : epoch;
  const figures: Figure[] = [[l10n.t('Epoch'), <Quantity value={number(shown)} unit={l10n.t('of {0}', number(epochs))} />]];
  if (over) figures.push([phase === 'finished' ? l10n.t('Time') : l10n.t('Ran for'), clock(report?.timings.total ?? seconds)]);
  else figures.push([l10n.t('Time left'), secondsLeft === null ? '–' : clock(secondsLeft)]);
  if (!brokeOff) {
    const still = phase === 'paused' || speed === 0;
    figures.push([l10n.t('Speed'), still ? '–' : <Quantity value={number(speed)} unit={l10n.t('examples/s')} />]);
    figures.push(over ? [l10n.t('Memory, peak'), memoryWords(peakMemory)] : [l10n.t('Memory'), memoryWords(memory)]);
  }
  const figure = best?.validation && figureOf(runTask(), best.validation);
  figures.push([
    figure?.measure === 'perplexity' ? l10n.t('Best perplexity') : l10n.t('Best'),
    best && figure ? <Quantity value={figureValue(figure)} unit={l10n.t('epoch {0}', number(best.epoch))} /> : '–',
  ]);
  return figures;
}

/** The few running figures, once a second at most. */
export function Figures() {
  const phase = useStore(panel, (s) => s.phase);
  usePulse(runPulse, 1000);
  const figures = phase === 'starting' || phase === 'preparing' ? preparing() : learning(phase);
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import { bytes, clock, number, percent } from '../format';
import { panel, run, runPulse } from '../session';
import { usePulse, useStore } from '../store';

type Figure = [name: string, value: ComponentChildren];

function preparing(): Figure[] {
  const { prepare, memory } = run.current;
  const left = prepare && prepare.perSecond > 0 ? (prepare.total - prepare.done) / prepare.perSecond : null;
  return [
    [
      l10n.t('Features'),
      prepare ? (
        <>
          {number(prepare.done)} <small>{l10n.t('of {0}', number(prepare.total))}</small>
        </>
      ) : (
        '–'
      ),
    ],
    [l10n.t('Time left'), left === null ? '–' : clock(left)],
    [
      l10n.t('Speed'),
      prepare && prepare.perSecond > 0 ? (
        <>
          {number(prepare.perSecond)} <small>{l10n.t('pictures/s')}</small>
        </>
      ) : (
        '–'
      ),
    ],
    [l10n.t('Memory'), memory > 0 ? bytes(memory) : '–'],
    [l10n.t('Best'), '–'],
  ];
}

function best(): ComponentChildren {
  const row = run.current.best;
  if (!row?.validation) return '–';
  return (
    <>
      {percent(row.validation.accuracy)} <small>{l10n.t('epoch {0}', number(row.epoch))}</small>
    </>
  );
}

/** The few running figures, once a second at most. */
export function Figures() {
  const phase = useStore(panel, (s) => s.phase);
  usePulse(runPulse, 1000);
  const { epoch, epochs, rows, secondsLeft, seconds, speed, memory, peakMemory, report } = run.current;
  const over = phase === 'finished' || phase === 'stopped' || phase === 'failed' || phase === 'ended';
  const epochShown = phase === 'finished' ? (rows.at(-1)?.epoch ?? epoch) : epoch;
  const figures: Figure[] =
    phase === 'starting' || phase === 'preparing'
      ? preparing()
      : [
          [
            l10n.t('Epoch'),
            <>
              {number(epochShown)} <small>{l10n.t('of {0}', number(epochs))}</small>
            </>,
          ],
          over
            ? [phase === 'finished' ? l10n.t('Time') : l10n.t('Ran for'), clock(report?.timings.total ?? seconds)]
            : [l10n.t('Time left'), secondsLeft === null ? '–' : clock(secondsLeft)],
          [
            l10n.t('Speed'),
            phase === 'paused' || speed === 0 ? (
              '–'
            ) : (
              <>
                {number(speed)} <small>{l10n.t('examples/s')}</small>
              </>
            ),
          ],
          over ? [l10n.t('Memory, peak'), peakMemory > 0 ? bytes(peakMemory) : '–'] : [l10n.t('Memory'), memory > 0 ? bytes(memory) : '–'],
          [l10n.t('Best'), best()],
        ];
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

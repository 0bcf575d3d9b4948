import * as l10n from '@vscode/l10n';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { type LayerNode, withRules } from '../../src/protocol/layerTree';
import type { PanelPhase } from '../../src/protocol/panel';
import { decimal, number, percent, precise } from '../format';
import { type Axis, accuracyAxis, lossAxis, perplexityAxis } from '../logic/axis';
import { nearest, thinned } from '../logic/curve';
import { changes, layerRows } from '../logic/layerRows';
import type { Mark, RunView } from '../logic/run';
import { crosshair, panel, run, runPulse } from '../session';
import { paced, useRender, useStore } from '../store';
import { loadCharts } from './charts';
import type { Frame, LineChart } from './lineChart';
import { onThemeChange, type Palette, paletteOf } from './palette';
import type { XY } from './scene';

export type Measure = 'loss' | 'accuracy' | 'perplexity';

/** Charts are drawn anew at most four times a second. */
const pace = 250;
/** ← and → move the crosshair by this part of the whole run. */
const nudge = 1 / 48;

/** Comparing two trees takes longer than drawing a chart, and a mark's name does not change. */
const named = new WeakMap<Mark, { layers: LayerNode | null; words: string }>();

function markWords(mark: Mark): string {
  const { layers } = panel.state;
  const known = named.get(mark);
  if (known && known.layers === layers) return known.words;
  const words = changeWords(mark, layers);
  named.set(mark, { layers, words });
  return words;
}

function changeWords(mark: Mark, layers: LayerNode | null): string {
  if (mark.phase !== null) return l10n.t('phase {0}', number(mark.phase + 1));
  if (!layers) return l10n.t('layers changed');
  const changed = changes(layerRows(withRules(layers, mark.before)), layerRows(withRules(layers, mark.after)));
  const [only] = changed;
  if (changed.length === 1 && only) return only.on ? l10n.t('{0} thawed', only.path) : l10n.t('{0} frozen', only.path);
  if (changed.length > 0 && changed.every((c) => c.on)) return l10n.t('{0} layers thawed', number(changed.length));
  if (changed.length > 0 && changed.every((c) => !c.on)) return l10n.t('{0} layers frozen', number(changed.length));
  return l10n.t('layers changed');
}

interface Lines {
  training: readonly XY[];
  validation: readonly XY[];
}

function linesOf(view: RunView, measure: Measure): Lines {
  const at = (step: number) => view.at(step);
  const told = measure === 'accuracy' ? 'accuracy' : 'loss';
  const shown = measure === 'perplexity' ? Math.exp : (y: number) => y;
  return {
    training: thinned(view[told].points, 800).map((p) => ({ x: at(p.step), y: shown(p.y) })),
    validation: view.rows.flatMap((row) => (row.validation ? [{ x: row.epoch, y: shown(row.validation[told]) }] : [])),
  };
}

function axisOf(measure: Measure, { training, validation }: Lines): Axis {
  const values = [...training, ...validation].map((p) => p.y);
  switch (measure) {
    case 'loss':
      return lossAxis(values);
    case 'accuracy':
      return accuracyAxis(values);
    case 'perplexity':
      return perplexityAxis(
        values,
        [training, validation].flatMap((line) => line.at(-1)?.y ?? []),
      );
  }
}

function titleOf(measure: Measure): string {
  switch (measure) {
    case 'loss':
      return l10n.t('Loss');
    case 'accuracy':
      return l10n.t('Accuracy');
    case 'perplexity':
      return l10n.t('Perplexity');
  }
}

function valueWords(measure: Measure, y: number): string {
  switch (measure) {
    case 'loss':
      return decimal(y, 3);
    case 'accuracy':
      return percent(y);
    case 'perplexity':
      return decimal(y, 2);
  }
}

/** The values that the caption tells: at the crosshair, else the newest. */
function read(lines: Lines, cursor: number | null): { training: XY | null; validation: XY | null } {
  if (cursor === null) return { training: lines.training.at(-1) ?? null, validation: lines.validation.at(-1) ?? null };
  return { training: nearest(lines.training, cursor, (p) => p.x), validation: nearest(lines.validation, cursor, (p) => p.x) };
}

function frameOf(measure: Measure, lines: Lines, cursor: number | null, palette: Palette, width: number, phase: PanelPhase): Frame {
  const view = run.current;
  const axis = axisOf(measure, lines);
  const decimals = Math.max(measure === 'loss' ? 1 : 0, (String(axis.ticks[1] ?? 0).split('.')[1] ?? '').length);
  const bestEpoch = measure === 'loss' ? undefined : view.best?.epoch;
  const { training, validation } = read(lines, cursor);
  const isDrawn = (p: XY | null): p is XY => p !== null && p.y <= axis.max;
  return {
    scene: {
      palette,
      ...lines,
      trainingWord: l10n.t('training'),
      validationWord: l10n.t('validation'),
      epochWord: l10n.t('epoch'),
      best: lines.validation.find((p) => p.x === bestEpoch) ?? null,
      marks: view.marks.map((mark) => ({ x: view.at(mark.step), words: markWords(mark) })),
      marksAtTop: measure !== 'accuracy',
      cross: phase === 'failed' ? (lines.training.at(-1) ?? null) : null,
      cursor: cursor === null ? null : { x: cursor, points: [training, validation].filter(isDrawn) },
    },
    axis,
    epochs: Math.max(1, view.epochs),
    yWords: (v) => (measure !== 'accuracy' ? decimal(v, decimals) : v === 1 ? percent(1, 0) : number(v * 100)),
    crowded: width < 330,
  };
}

/** One measure over the epochs, training and validation. The table of epochs is its alternative in text. */
export function CurveChart({ measure }: { measure: Measure }) {
  const phase = useStore(panel, (s) => s.phase);
  const cursor = useStore(crosshair, (c) => c.at);
  const figure = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useRef<LineChart | null>(null);
  const render = useRender();
  const lines = linesOf(run.current, measure);
  const latest = useRef(lines);
  latest.current = lines;
  const phaseNow = useRef(phase);
  phaseNow.current = phase;

  const frame = () =>
    frameOf(measure, latest.current, crosshair.state.at, paletteOf(figure.current!), figure.current!.clientWidth, phaseNow.current);

  useLayoutEffect(() => {
    let gone = false;
    void loadCharts().then((charts) => {
      if (!gone) chart.current = new charts.LineChart(canvas.current!, frame());
    });
    const redraw = () => {
      render();
      latest.current = linesOf(run.current, measure);
      chart.current?.show(frame());
    };
    const stopPulse = paced(runPulse, pace, redraw);
    const stopTheme = onThemeChange(redraw);
    return () => {
      gone = true;
      stopPulse();
      stopTheme();
      chart.current?.destroy();
    };
  }, []);
  useLayoutEffect(() => chart.current?.show(frame()), [phase]);
  useEffect(() => {
    const next = requestAnimationFrame(() => chart.current?.overlay(frame().scene));
    return () => cancelAnimationFrame(next);
  }, [cursor]);

  const reach = Math.max(lines.training.at(-1)?.x ?? 0, lines.validation.at(-1)?.x ?? 0);
  const point = (x: number | null) => crosshair.patch({ at: x === null ? null : Math.min(Math.max(0, x), reach) });
  const value = (p: XY | null) => (p === null ? '–' : valueWords(measure, p.y));
  const title = titleOf(measure);
  const now = read(lines, cursor);
  const ends = read(lines, null);
  return (
    <figure class="chart" ref={figure}>
      <figcaption>
        <span class="chart-title">{title}</span>
        <span class="chart-read" aria-hidden={cursor === null} aria-live="polite">
          {reach > 0 && (
            <>
              <span class="dim">
                {cursor === null
                  ? phase === 'training'
                    ? l10n.t('now')
                    : l10n.t('last')
                  : l10n.t('epoch {0}', precise(Number(cursor.toFixed(1))))}
              </span>
              <span title={l10n.t('Training: a running mean over an eighth of an epoch')}>
                <i class="key-line training" />
                <span class="num">{value(now.training)}</span>
              </span>
              <span title={l10n.t('Validation: at the end of an epoch')}>
                <i class="key-line validation" />
                <span class="num">{value(now.validation)}</span>
              </span>
            </>
          )}
        </span>
      </figcaption>
      <div
        class={`plot ${phase === 'finished' ? 'low' : ''}`}
        role="img"
        tabIndex={0}
        aria-label={l10n.t(
          '{0} over epochs. Training {1}, validation {2}. The Epochs table below has every value.',
          title,
          value(ends.training),
          value(ends.validation),
        )}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          if (reach > 0) point(chart.current?.epochAt(event.clientX - box.left) ?? null);
        }}
        onPointerLeave={() => point(null)}
        onKeyDown={(event) => {
          const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
          if (step !== undefined && reach > 0) {
            event.preventDefault();
            point((cursor ?? reach) + step * nudge * run.current.epochs);
          } else if (event.key === 'Escape') point(null);
        }}
      >
        <canvas ref={canvas} />
      </div>
    </figure>
  );
}

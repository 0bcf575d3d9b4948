import { Chart, LinearScale, LineController, LineElement, PointElement } from 'chart.js';
import type { Axis } from '../logic/axis';
import { epochEnd, type Scene, scenePlugin, type XY } from './scene';

Chart.register(LinearScale, LineController, LineElement, PointElement);

/** Room right of the last point for its name, once the lines reach that far; and left for the figures. */
const endRoom = 70;
const topRoom = 4;
const fontSize = 11;
/** Between the figures at the left and the lines. */
const figureGap = 6;

export interface Frame {
  scene: Scene;
  axis: Axis;
  epochs: number;
  yWords: (value: number) => string;
  crowded: boolean;
}

const lines = (scene: Scene) => ({
  datasets: [
    {
      data: scene.training as XY[],
      borderColor: scene.palette.training,
      borderWidth: 1,
      pointRadius: 0,
      order: 1,
    },
    {
      data: scene.validation as XY[],
      borderColor: scene.palette.validation,
      borderWidth: 1.75,
      pointRadius: 2.5,
      pointBackgroundColor: scene.palette.validation,
      pointBorderColor: scene.palette.ground,
      pointBorderWidth: 1,
      order: 0,
    },
  ],
});

/** Two lines over epochs, as chart.js draws them: no legend, no tooltip, no animation, only horizontal gridlines. */
export class LineChart {
  private readonly chart: Chart<'line', XY[]>;

  constructor(
    canvas: HTMLCanvasElement,
    private frame: Frame,
  ) {
    this.chart = new Chart(canvas, {
      type: 'line',
      data: lines(frame.scene),
      options: {
        animation: false,
        events: [],
        responsive: true,
        maintainAspectRatio: false,
        parsing: false,
        normalized: true,
        layout: { padding: { top: topRoom } },
        datasets: { line: { borderJoinStyle: 'round', borderCapStyle: 'round' } },
        scales: {
          x: {
            type: 'linear',
            grid: { display: false, tickLength: 0 },
            border: { display: false },
            afterFit: (scale) => {
              scale.height = 22;
            },
            ticks: { font: { size: fontSize }, padding: 5, precision: 0, maxRotation: 0, autoSkipPadding: 8 },
          },
          y: {
            type: 'linear',
            border: { display: false },
            grid: { drawTicks: false },
            afterFit: (scale) => {
              scale.width = this.gutter(scale.ctx);
            },
            afterBuildTicks: (scale) => {
              scale.ticks = this.frame.axis.ticks.map((value) => ({ value }));
            },
            ticks: { font: { size: fontSize }, padding: figureGap, autoSkip: false },
          },
        },
      },
      plugins: [scenePlugin(() => this.frame.scene)],
    });
    this.show(frame);
  }

  show(frame: Frame): void {
    this.frame = frame;
    const { scene, axis, epochs, yWords, crowded } = frame;
    const { palette } = scene;
    this.chart.data = lines(scene);
    const options = this.chart.options;
    const last = Math.max(scene.training.at(-1)?.x ?? 0, scene.validation.at(-1)?.x ?? 0);
    options.layout = { padding: { top: topRoom, right: last > 0.79 * epochs ? endRoom : 10 } };
    const font = { size: fontSize, family: palette.family };
    const x = options.scales!.x!;
    x.min = 0;
    x.max = epochs;
    x.ticks = {
      ...x.ticks,
      color: palette.dim,
      font,
      // The word "epoch" stands at 0.
      callback: (value) => (value === 0 || !Number.isInteger(value) || (crowded && Number(value) % 2 === 1) ? null : String(value)),
      ...(epochs <= 24 ? { stepSize: 1 } : {}),
    };
    const y = options.scales!.y!;
    y.min = axis.min;
    y.max = axis.max;
    y.grid = { ...y.grid, color: palette.grid };
    y.ticks = { ...y.ticks, color: palette.dim, font, callback: (value) => yWords(Number(value)) };
    this.chart.update('none');
  }

  /** Only what lies over the lines has changed. */
  overlay(scene: Scene): void {
    this.frame = { ...this.frame, scene };
    this.chart.draw();
  }

  /** Room for the figures at the left, and for the word "epoch" under them, which ends a little right of 0. Fonts differ much. */
  private gutter(ctx: CanvasRenderingContext2D): number {
    const { scene, axis, yWords } = this.frame;
    ctx.save();
    ctx.font = `${fontSize}px ${scene.palette.family}`;
    const width = (text: string) => ctx.measureText(text).width;
    const figures = Math.max(...axis.ticks.map((value) => width(yWords(value))));
    const needed = Math.ceil(Math.max(figures + figureGap, width(scene.epochWord) - epochEnd)) + 1;
    ctx.restore();
    return needed;
  }

  /** The epoch at a pixel of the canvas. */
  epochAt(pixel: number): number {
    return this.chart.scales.x?.getValueForPixel(pixel) ?? 0;
  }

  destroy(): void {
    this.chart.destroy();
  }
}

import type { Chart, Plugin } from 'chart.js';
import { apart } from '../logic/axis';
import type { Palette } from './palette';

export interface XY {
  x: number;
  y: number;
}

/** What is drawn over the two lines. Positions are in epochs and in the units of the y axis. */
export interface Scene {
  palette: Palette;
  training: readonly XY[];
  validation: readonly XY[];
  trainingWord: string;
  validationWord: string;
  epochWord: string;
  /** Ringed; not where losses are drawn. */
  best: XY | null;
  marks: readonly { x: number; words: string }[];
  /** Marks are labelled where the lines are not: at the top of a falling curve, at the foot of a rising one. */
  marksAtTop: boolean;
  /** Where a failed run broke off. */
  cross: XY | null;
  /** Position of the crosshair in epochs, and the points that it reads. */
  cursor: { x: number; points: readonly XY[] } | null;
}

const lineHeight = 14;
/** How far the word "epoch" reaches past 0, pixels. */
export const epochEnd = 1;

/** Words on the ground's colour, so that a line behind them does not strike them through. */
function words(ctx: CanvasRenderingContext2D, text: string, x: number, y: number, ground: string): void {
  ctx.lineWidth = 4;
  ctx.lineJoin = 'round';
  ctx.strokeStyle = ground;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

function upright(ctx: CanvasRenderingContext2D, x: number, top: number, bottom: number): void {
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, bottom);
  ctx.stroke();
}

function drawMarks(chart: Chart, scene: Scene): void {
  const { ctx, chartArea: area } = chart;
  const { palette } = scene;
  scene.marks.forEach((mark, i) => {
    const x = Math.round(chart.scales.x!.getPixelForValue(mark.x)) + 0.5;
    ctx.lineWidth = 1;
    ctx.strokeStyle = palette.mark;
    ctx.setLineDash([2, 3]);
    upright(ctx, x, area.top, area.bottom);
    ctx.setLineDash([]);
    const room = ctx.measureText(mark.words).width + 8 < area.right - x;
    ctx.textAlign = room ? 'left' : 'right';
    ctx.fillStyle = palette.text;
    // Labels of several marks stand on several lines, so that near ones don't overlap.
    const line = (i % 4) * lineHeight;
    words(ctx, mark.words, x + (room ? 5 : -5), scene.marksAtTop ? area.top + 7 + line : area.bottom - 12 - line, palette.ground);
  });
}

function drawEnds(chart: Chart, scene: Scene): void {
  const { ctx, chartArea: area, scales } = chart;
  const { palette } = scene;
  const ends = [
    { last: scene.training.at(-1), text: scene.trainingWord, bold: false },
    { last: scene.validation.at(-1), text: scene.validationWord, bold: true },
  ].flatMap(({ last, text, bold }) =>
    last ? [{ x: scales.x!.getPixelForValue(last.x), y: scales.y!.getPixelForValue(last.y), text, bold }] : [],
  );
  // Both stand right of the longer line: there is nothing else.
  const x = Math.max(...ends.map((end) => end.x)) + 8;
  const ys = apart(
    ends.map((end) => end.y),
    lineHeight,
    area.top + 4,
    area.bottom - 4,
  );
  ctx.textAlign = 'left';
  ends.forEach((end, i) => {
    ctx.font = `${end.bold ? 600 : 400} 11px ${palette.family}`;
    ctx.fillStyle = end.bold ? palette.strong : palette.dim;
    words(ctx, end.text, x, ys[i] ?? end.y, palette.ground);
  });
  ctx.font = `400 11px ${palette.family}`;
}

function drawCross(chart: Chart, { cross, palette }: Scene): void {
  if (!cross) return;
  const { ctx, scales } = chart;
  const x = scales.x!.getPixelForValue(cross.x);
  const y = scales.y!.getPixelForValue(cross.y);
  ctx.lineWidth = 2;
  ctx.strokeStyle = palette.error;
  ctx.beginPath();
  ctx.moveTo(x - 4, y - 4);
  ctx.lineTo(x + 4, y + 4);
  ctx.moveTo(x + 4, y - 4);
  ctx.lineTo(x - 4, y + 4);
  ctx.stroke();
}

function ring(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
}

function drawCursor(chart: Chart, { cursor, palette }: Scene): void {
  if (!cursor) return;
  const { ctx, chartArea: area, scales } = chart;
  ctx.lineWidth = 1;
  ctx.strokeStyle = palette.cursor;
  upright(ctx, Math.round(scales.x!.getPixelForValue(cursor.x)) + 0.5, area.top, area.bottom);
  for (const point of cursor.points) {
    ring(ctx, scales.x!.getPixelForValue(point.x), scales.y!.getPixelForValue(point.y), 3.5);
    ctx.fillStyle = palette.ground;
    ctx.fill();
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = palette.text;
    ctx.stroke();
  }
}

/** Draws `scene()` around the lines that chart.js draws. */
export function scenePlugin(scene: () => Scene): Plugin<'line'> {
  return {
    id: 'scene',
    afterDatasetsDraw(chart) {
      const now = scene();
      const { ctx, chartArea: area, scales } = chart as unknown as Chart;
      ctx.save();
      ctx.font = `400 11px ${now.palette.family}`;
      ctx.textBaseline = 'middle';
      ctx.textAlign = 'right';
      ctx.fillStyle = now.palette.dim;
      ctx.fillText(now.epochWord, scales.x!.getPixelForValue(0) + epochEnd, area.bottom + 12);
      drawMarks(chart as unknown as Chart, now);
      if (now.best) {
        ring(ctx, scales.x!.getPixelForValue(now.best.x), scales.y!.getPixelForValue(now.best.y), 5.5);
        ctx.lineWidth = 1.25;
        ctx.strokeStyle = now.palette.validation;
        ctx.stroke();
      }
      drawCross(chart as unknown as Chart, now);
      drawEnds(chart as unknown as Chart, now);
      drawCursor(chart as unknown as Chart, now);
      ctx.restore();
    },
  };
}

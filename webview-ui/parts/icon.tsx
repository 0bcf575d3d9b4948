/** 16 × 16, one stroke weight. */
const strokes = {
  chevron: 'M6 3.5 10.5 8 6 12.5',
  folder: 'M1.5 12.5v-9h4.4l1.6 1.7h7v7.3z',
  table: 'M1.5 3h13v10h-13z M1.5 6.3h13 M1.5 9.6h13 M6 3v10',
  search: 'M7 2.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6z M10.5 10.5 14 14',
  filter: 'M1.8 3.5h12.4 M4.2 8h7.6 M6.6 12.5h2.8',
  snow: 'M8 1.8v12.4 M2.6 4.9l10.8 6.2 M13.4 4.9 2.6 11.1 M6.4 2.9 8 4.5 9.6 2.9 M6.4 13.1 8 11.5 9.6 13.1 M2.6 7.1l2.2-.6-.6-2.2 M13.4 8.9l-2.2.6.6 2.2 M13.4 7.1l-2.2-.6.6-2.2 M2.6 8.9l2.2.6-.6 2.2',
  drop: 'M8 1.9C6.6 4 4 7.2 4 9.8a4 4 0 0 0 8 0C12 7.2 9.4 4 8 1.9z',
  pause: 'M5.5 3v10 M10.5 3v10',
  play: 'M4.5 2.8v10.4L13 8z',
  stop: 'M3.8 3.8h8.4v8.4H3.8z',
  check: 'M3 8.4l3.2 3.2L13 4.8',
  dash: 'M4 8h8',
  pass: 'M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6z M5.2 8.2l2 2 3.6-4',
  error: 'M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6z M5.6 5.6l4.8 4.8 M10.4 5.6l-4.8 4.8',
  warning: 'M8 2 14.6 13.6H1.4z M8 6.2v3.6 M8 11.2v.9',
  info: 'M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6z M8 7.2v4 M8 4.6v.9',
  spin: 'M8 1.8a6.2 6.2 0 1 1-6.2 6.2',
  halt: 'M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6z M6.4 5.4v5.2 M9.6 5.4v5.2',
  halted: 'M8 1.6a6.4 6.4 0 1 0 0 12.8A6.4 6.4 0 0 0 8 1.6z M5.9 5.9h4.2v4.2H5.9z',
  lock: 'M3.5 7.2h9v6.8h-9z M5.3 7.2V5a2.7 2.7 0 0 1 5.4 0v2.2',
  model: 'M8 1.6 14 4.8v6.4L8 14.4 2 11.2V4.8z M2 4.8 8 8l6-3.2 M8 8v6.4',
  collapse: 'M4.5 1.8h9.7v9.7 M1.8 4.5h9.7v9.7H1.8z M4 9.3h5.2',
  close: 'M3.5 3.5l9 9 M12.5 3.5l-9 9',
  drop_here: 'M8 2v7 M5 6.2 8 9.2l3-3 M2.2 10.5v3.3h11.6v-3.3',
  broken: 'M2 13V3h12v10z M2 11l3.5-3.5L8 10l2-2 4 4 M3 14 13 2',
} as const;
export type IconName = keyof typeof strokes;

/** Without a label an icon is decoration. */
export function Icon({ name, kind = '', label }: { name: IconName; kind?: string; label?: string }) {
  const what = label === undefined ? { 'aria-hidden': 'true' as const } : { role: 'img' as const, 'aria-label': label };
  return (
    <svg class={`icon ${kind}`} viewBox="0 0 16 16" {...what}>
      <path d={strokes[name]} />
    </svg>
  );
}

import type { Split } from '../../src/protocol/data';

export const regionNames = ['Data', 'Model', 'Layers', 'Training', 'Result'] as const;
export type RegionName = (typeof regionNames)[number];
export type Book = 'epochs' | 'log' | 'settings';

/** What is folded, filtered and where one was reading. */
export interface View {
  /** Only what a person folded or opened by hand: it stays. */
  folds: Partial<Record<RegionName, boolean>>;
  split: Split | 'all';
  /** A class's name, or null for all. */
  klass: string | null;
  layerFilter: string;
  openLayers: readonly string[];
  advanced: boolean;
  /** The open page under the curves; null: as the run's state has it, '': none. */
  book: Book | '' | null;
  scroll: number;
}

export const defaultView: View = {
  folds: {},
  split: 'all',
  klass: null,
  layerFilter: '',
  openLayers: [],
  advanced: false,
  book: null,
  scroll: 0,
};

/** A view as it was saved, or the default: what an older version left behind may have any form. */
export function restoredView(saved: unknown): View {
  if (typeof saved !== 'object' || saved === null) return defaultView;
  const from = saved as Partial<Record<keyof View, unknown>>;
  const folds: View['folds'] = {};
  for (const name of regionNames) {
    const fold = (from.folds as Record<string, unknown> | undefined)?.[name];
    if (typeof fold === 'boolean') folds[name] = fold;
  }
  const open = Array.isArray(from.openLayers) ? from.openLayers.filter((x): x is string => typeof x === 'string') : [];
  return {
    folds,
    split: from.split === 'train' || from.split === 'validation' || from.split === 'test' ? from.split : 'all',
    klass: typeof from.klass === 'string' ? from.klass : null,
    layerFilter: typeof from.layerFilter === 'string' ? from.layerFilter : '',
    openLayers: open,
    advanced: from.advanced === true,
    book: from.book === 'epochs' || from.book === 'log' || from.book === 'settings' || from.book === '' ? from.book : null,
    scroll: typeof from.scroll === 'number' ? from.scroll : 0,
  };
}

/**
 * Whether a region is one line. Once a run has begun Data and Model are, and below two columns Layers too, so that the
 * curves come first; what was folded by hand stays as it was left.
 */
export function isFolded(folds: View['folds'], name: RegionName, running: boolean, wide: boolean): boolean {
  if (name === 'Layers' && wide) return false;
  return folds[name] ?? (running && (name === 'Data' || name === 'Model' || name === 'Layers'));
}

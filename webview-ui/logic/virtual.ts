/** Which tiles of a grid exist: those in view and `overscan` rows before and after. */
export interface GridWindow {
  columns: number;
  /** Side of a tile, pixels. */
  side: number;
  /** Height of all rows, pixels. */
  height: number;
  /** Indices of the tiles that exist: from `first` up to, without, `end`. */
  first: number;
  end: number;
  /** Where the first of them stands, pixels from the top. */
  offset: number;
}

export interface GridBox {
  width: number;
  height: number;
  scrollTop: number;
  count: number;
  /** Least side of a tile, and the gap between two, pixels. */
  tile: number;
  gap: number;
  overscan: number;
}

export function gridWindow({ width, height, scrollTop, count, tile, gap, overscan }: GridBox): GridWindow {
  const columns = Math.max(1, Math.floor((width + gap) / (tile + gap)));
  const side = Math.max(1, (width - gap * (columns - 1)) / columns);
  const pitch = side + gap;
  const rows = Math.ceil(count / columns);
  const firstRow = Math.min(Math.max(0, rows - 1), Math.max(0, Math.floor(scrollTop / pitch) - overscan));
  const endRow = Math.min(rows, Math.ceil((scrollTop + height) / pitch) + overscan);
  return {
    columns,
    side,
    height: Math.max(0, rows * pitch - gap),
    first: Math.min(count, firstRow * columns),
    end: Math.min(count, Math.max(firstRow, endRow) * columns),
    offset: firstRow * pitch,
  };
}

/** The scroll position, as near to the present one as can be, at which the row of `index` is wholly in view. */
export function scrollFor(index: number, window: GridWindow, gap: number, scrollTop: number, height: number): number {
  const top = Math.floor(index / window.columns) * (window.side + gap);
  if (top < scrollTop) return top;
  return Math.max(scrollTop, top + window.side - height);
}

/** Where a key leads in a grid; null for any other key, or where there is nothing. */
export function moved(key: string, from: number, count: number, columns: number, rowsInView: number): number | null {
  const page = columns * Math.max(1, rowsInView);
  const to: Record<string, number> = {
    ArrowRight: from + 1,
    ArrowLeft: from - 1,
    ArrowDown: from + columns,
    ArrowUp: from - columns,
    PageDown: Math.min(count - 1, from + page),
    PageUp: Math.max(0, from - page),
    Home: 0,
    End: count - 1,
  };
  const target = to[key];
  return target !== undefined && target >= 0 && target < count ? target : null;
}

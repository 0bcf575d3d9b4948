/** Which rows of a table exist: those in view and `overscan` before and after. One of them may be open, and higher. */
export interface RowWindow {
  /** Of all rows as the scroller has them, pixels. */
  height: number;
  /** Rows that exist: from `first` up to, without, `end`. */
  first: number;
  end: number;
  /** Where the first of them stands, pixels from the top of the scrolled area. */
  offset: number;
}

export interface RowBox {
  height: number;
  scrollTop: number;
  count: number;
  /** Height of a closed row, pixels. */
  row: number;
  open: { index: number; height: number } | null;
  overscan: number;
}

/** Browsers know no elements higher than some 16 million pixels: beyond, a pixel of scrolling stands for more than one. */
const mostPixels = 8_000_000;

/** Pixels of all rows together, and by how many of them one pixel of scrolling moves. */
function extent({ height, count, row, open }: RowBox): { all: number; scale: number } {
  const all = count * row + (open ? open.height - row : 0);
  return { all, scale: all > mostPixels ? (all - height) / (mostPixels - height) : 1 };
}

export const topOf = (index: number, { row, open }: Pick<RowBox, 'row' | 'open'>): number =>
  index * row + (open && index > open.index ? open.height - row : 0);

function rowAt(top: number, { row, open }: Pick<RowBox, 'row' | 'open'>): number {
  if (!open || top < open.index * row) return Math.floor(top / row);
  if (top < open.index * row + open.height) return open.index;
  return Math.floor((top - (open.height - row)) / row);
}

export function rowWindow(box: RowBox): RowWindow {
  const { height, scrollTop, count, overscan } = box;
  const { all, scale } = extent(box);
  const top = scrollTop * scale;
  const first = Math.min(Math.max(0, count - 1), Math.max(0, rowAt(top, box) - overscan));
  const end = Math.min(count, rowAt(top + height, box) + 1 + overscan);
  return { height: Math.min(all, mostPixels), first, end: Math.max(first, end), offset: scrollTop + topOf(first, box) - top };
}

/** The scroll position, as near to the present one as can be, at which a row's beginning is in view. */
export function scrollToRow(index: number, box: RowBox): number {
  const { scale } = extent(box);
  const { scrollTop, height, row } = box;
  const top = topOf(index, box);
  const now = scrollTop * scale;
  if (top < now) return top / scale;
  return Math.max(now, top + row - height) / scale;
}

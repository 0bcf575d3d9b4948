import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { RowFilter } from '../../src/protocol/data';
import type { PanelState } from '../../src/protocol/panel';
import { panel, view } from '../session';
import { useStore } from '../store';
import { ClassBars } from './classBars';
import { Columns } from './columns';
import { Filters } from './filters';
import { picked } from './picked';
import { Problems } from './problems';
import { ProblemBones } from './skeletons';
import { TextTable } from './textTable';

/** Rows that are shown by name at once. */
const mostNamed = 1000;

/** Texts: what is learned from which columns, how many of each class, the rows, and what is amiss. */
export function TextBody({ data: { summary, checking }, failure }: { data: NonNullable<PanelState['data']>; failure: ComponentChildren }) {
  const first = useStore(panel, (s) => s.textRows);
  const cut = useStore(panel, (s) => s.cut);
  const split = useStore(view, (v) => v.split);
  const klass = useStore(view, (v) => v.klass);
  const search = useStore(picked, (p) => p.search);
  const only = useStore(picked, (p) => p.only);
  const known = summary.classes.some(({ name }) => name === klass) ? klass : null;
  const filter = useMemo<RowFilter>(
    () => ({ split, klass: known, search, only: only ? [...only.paths].slice(0, mostNamed) : null }),
    [split, known, search, only],
  );
  const splitKnown = Object.keys(summary.splits).length > 0;
  return (
    <div aria-busy={checking}>
      {failure}
      <Columns summary={summary} />
      {summary.classes.length > 0 && <ClassBars summary={summary} />}
      <Filters summary={summary} />
      <TextTable summary={summary} filter={filter} early={splitKnown ? null : first} />
      {checking && !splitKnown ? <ProblemBones /> : <Problems problems={[...summary.problems, ...cut]} />}
    </div>
  );
}

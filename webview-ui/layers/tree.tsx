import * as l10n from '@vscode/l10n';
import type { TargetedKeyboardEvent, TargetedMouseEvent } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { mood, withRules } from '../../src/protocol/layerTree';
import { toggled } from '../../src/protocol/rules';
import { post } from '../host';
import { ancestors, changes, type LayerRow, layerRows, rowFor, visibleRows } from '../logic/layerRows';
import { setFolded } from '../parts/region';
import { layout, panel, run, runPulse, view } from '../session';
import { usePulse, useStore } from '../store';
import { Row } from './row';

/** A box that is clear or mixed, clicked, learns wholly; a full one freezes. Shown at once, before the host agrees. */
function toggle(row: LayerRow): void {
  const on = mood(row.node) !== 'all';
  panel.patch({ rules: toggled(panel.state.rules, row.path, on) });
  post({ type: 'toggle', layer: row.path, on });
}

function setOpen(path: string, open: boolean): void {
  const others = view.state.openLayers.filter((p) => p !== path);
  view.patch({ openLayers: open ? [...others, path] : others });
}

/** Since which epoch rows learn that were thawed during the run. */
function useSince(): ReadonlyMap<string, number> {
  usePulse(runPulse, 1000);
  const layers = useStore(panel, (s) => s.layers);
  const { marks } = run.current;
  return useMemo(() => {
    const since = new Map<string, number>();
    if (!layers) return since;
    for (const mark of marks) {
      for (const { path, on } of changes(layerRows(withRules(layers, mark.before)), layerRows(withRules(layers, mark.after)))) {
        if (on) since.set(path, Math.floor(run.current.at(mark.step)) + 1);
        else since.delete(path);
      }
    }
    return since;
  }, [layers, marks]);
}

export function Tree({ rows }: { rows: readonly LayerRow[] }) {
  const element = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState('');
  const filter = useStore(view, (v) => v.layerFilter);
  const openLayers = useStore(view, (v) => v.openLayers);
  const revealed = useStore(layout, (l) => l.revealed);
  const since = useSince();
  const query = filter.trim().toLowerCase();
  const open = useMemo(() => new Set(openLayers), [openLayers]);
  const shown = useMemo(() => visibleRows(rows, open, query), [rows, open, query]);
  const largest = Math.max(1, ...rows.map((row) => row.node.parameters));
  const focusIndex = Math.max(
    0,
    shown.findIndex((row) => row.path === at),
  );

  // Focus follows a key or a click only after the row it goes to exists.
  const focusNext = useRef(false);
  const focus = (path: string) => {
    focusNext.current = true;
    setAt(path);
  };
  useLayoutEffect(() => {
    if (!focusNext.current) return;
    focusNext.current = false;
    element.current?.querySelector<HTMLElement>('[role=treeitem][tabindex="0"]')?.focus();
  });

  useEffect(() => {
    if (!revealed) return;
    const row = rowFor(rows, revealed.layer);
    layout.patch({ revealed: null });
    if (!row) return;
    setFolded('Layers', false);
    const missing = ancestors(row).map((above) => above.path);
    view.patch({ layerFilter: '', openLayers: [...new Set([...view.state.openLayers, ...missing])] });
    focus(row.path);
  }, [revealed]);

  const keys = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const row = shown[focusIndex];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const isOpen = open.has(row.path) || query !== '';
    const parent = row.children.length > 0;
    const go = (to: LayerRow | undefined | null) => to && focus(to.path);
    const acts: Record<string, () => void> = {
      ArrowDown: () => go(shown[focusIndex + 1]),
      ArrowUp: () => go(shown[focusIndex - 1]),
      Home: () => go(shown[0]),
      End: () => go(shown.at(-1)),
      ArrowRight: () => {
        if (parent && !isOpen) setOpen(row.path, true);
        else if (parent) go(shown[focusIndex + 1]);
      },
      ArrowLeft: () => {
        if (parent && isOpen && query === '') setOpen(row.path, false);
        else go(row.parent);
      },
      Enter: () => parent && setOpen(row.path, !open.has(row.path)),
      ' ': () => toggle(row),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    focusNext.current = true;
    setAt(row.path);
    act();
  };

  const clicks = (event: TargetedMouseEvent<HTMLDivElement>) => {
    const target = event.target as HTMLElement;
    const path = target.closest<HTMLElement>('[data-path]')?.dataset.path;
    const row = shown.find((r) => r.path === path);
    if (!row) return;
    focus(row.path);
    if (target.closest('[data-check]')) toggle(row);
    else if (row.children.length > 0) setOpen(row.path, !open.has(row.path));
  };

  return (
    <div ref={element} class="tree" role="tree" aria-label={l10n.t('Layers')} onKeyDown={keys} onClick={clicks}>
      {shown.map((row, i) => (
        <Row
          key={row.path}
          row={row}
          open={open.has(row.path) || query !== ''}
          focusable={i === focusIndex}
          query={query}
          largest={largest}
          since={since.get(row.path) ?? null}
        />
      ))}
      {shown.length === 0 && <p class="empty">{l10n.t('No layer matches “{0}”.', filter)}</p>}
    </div>
  );
}

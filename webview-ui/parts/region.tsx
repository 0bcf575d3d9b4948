import * as l10n from '@vscode/l10n';
import type { ComponentChildren } from 'preact';
import { isFolded, type RegionName } from '../logic/view';
import { hasRun, layout, panel, view } from '../session';
import { useStore } from '../store';
import { Icon } from './icon';

export const regionId = (name: RegionName) => name.toLowerCase();

export function regionTitle(name: RegionName): string {
  switch (name) {
    case 'Data':
      return l10n.t('Data');
    case 'Model':
      return l10n.t('Model');
    case 'Layers':
      return l10n.t('Layers');
    case 'Training':
      return l10n.t('Training');
    case 'Result':
      return l10n.t('Result');
  }
}

export function useFolded(name: RegionName): boolean {
  const folds = useStore(view, (v) => v.folds);
  const running = useStore(panel, hasRun);
  const wide = useStore(layout, (l) => l.wide);
  return isFolded(folds, name, running, wide);
}

export function setFolded(name: RegionName, folded: boolean): void {
  view.patch({ folds: { ...view.state.folds, [name]: folded } });
}

/** Opens a region and brings it to the top. */
export function goTo(name: RegionName): void {
  setFolded(name, false);
  requestAnimationFrame(() => document.getElementById(regionId(name))?.scrollIntoView({ block: 'start' }));
}

interface RegionProps {
  name: RegionName;
  note?: ComponentChildren;
  actions?: ComponentChildren;
  foldable?: boolean;
  children: ComponentChildren;
}

/** A part of the tab: a heading that folds, one line of note, and a body that exists only while it is open. */
export function Region({ name, note, actions, foldable = true, children }: RegionProps) {
  const folded = useFolded(name) && foldable;
  const id = regionId(name);
  const title = regionTitle(name);
  return (
    <section class={`region ${folded ? 'folded' : ''}`} id={id} aria-label={title}>
      <div class="region-head">
        <h2>
          {foldable ? (
            <button
              type="button"
              class="fold"
              aria-expanded={!folded}
              aria-controls={`${id}-body`}
              onClick={() => setFolded(name, !folded)}
            >
              <Icon name="chevron" kind="twistie" />
              {title}
            </button>
          ) : (
            title
          )}
        </h2>
        <span class="note">{note}</span>
        {actions && <span class="actions">{actions}</span>}
      </div>
      <div class="region-body" id={`${id}-body`} hidden={folded}>
        {!folded && children}
      </div>
    </section>
  );
}

import * as l10n from '@vscode/l10n';
import { useMemo } from 'preact/hooks';
import { withRules } from '../../src/protocol/layerTree';
import type { Preset } from '../../src/protocol/runConfig';
import { post } from '../host';
import { layerRows } from '../logic/layerRows';
import { arrowsMove, Bone, IconButton } from '../parts/controls';
import { Icon } from '../parts/icon';
import { Region, useFolded } from '../parts/region';
import { layout, panel, view } from '../session';
import { useStore } from '../store';
import { Sum, SumLine } from './sum';
import { Tree } from './tree';

/** The model's tree with what learns counted under the rules; null while the model is being opened. */
function useCounted() {
  const layers = useStore(panel, (s) => s.layers);
  const rules = useStore(panel, (s) => s.rules);
  return useMemo(() => layers && withRules(layers, rules), [layers, rules]);
}

function presetWord(name: Preset): string {
  switch (name) {
    case 'head':
      return l10n.t('Head');
    case 'top':
      return l10n.t('Top blocks');
    case 'all':
      return l10n.t('All layers');
    case 'lora':
      return l10n.t('LoRA');
  }
}

function Presets() {
  const presets = useStore(panel, (s) => s.presets);
  const rules = useStore(panel, (s) => s.rules);
  const pressed = presets.findIndex((preset) => preset.rules.join('\n') === rules.join('\n'));
  if (presets.length === 0) return null;
  return (
    <div class="segments" role="radiogroup" aria-label={l10n.t('What learns')} onKeyDown={arrowsMove}>
      {presets.map((preset, i) => (
        <button
          key={preset.name}
          type="button"
          role="radio"
          aria-checked={i === pressed}
          tabIndex={i === Math.max(0, pressed) ? 0 : -1}
          onClick={() => {
            // Shown at once; the host's answer says the same.
            panel.patch({ rules: preset.rules });
            post({ type: 'preset', name: preset.name });
          }}
        >
          {presetWord(preset.name)}
        </button>
      ))}
    </div>
  );
}

function Filter() {
  const filter = useStore(view, (v) => v.layerFilter);
  return (
    <label class="field">
      <span class="sr">{l10n.t('Filter layers')}</span>
      <Icon name="filter" />
      <input
        type="text"
        class="input"
        placeholder={l10n.t('Filter by name or type')}
        value={filter}
        spellcheck={false}
        onInput={(event) => view.patch({ layerFilter: event.currentTarget.value })}
      />
    </label>
  );
}

const boneWidths = [64, 92, 92, 92, 92, 92, 92, 92, 56, 84];

function LayerBones() {
  return (
    <div aria-busy="true">
      <div class="layer-tools">
        <Bone width="210px" height={24} />
        <Bone width="100%" height={24} />
      </div>
      <div class="tree-bones">
        {boneWidths.map((width, i) => (
          <div key={i}>
            <Bone width="14px" height={14} />
            <Bone width={`${width}px`} />
            <span class="push end">
              <Bone width={`${40 + ((i * 7) % 26)}px`} />
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

export function Layers() {
  const root = useCounted();
  const failed = useStore(panel, (s) => s.modelFailure !== null);
  // A head waits for its classes, of which data that cannot be read has none.
  const unread = useStore(panel, (s) => s.dataFailure !== null && s.data === null);
  const wide = useStore(layout, (l) => l.wide);
  const folded = useFolded('Layers');
  const rows = useMemo(() => root && layerRows(root), [root]);
  if (!root || !rows) {
    const none = failed ? l10n.t('There is no model to show.') : unread ? l10n.t('They are shown once the data can be read.') : null;
    return (
      <Region name="Layers" foldable={!wide} note={none === null ? l10n.t('Opening the model') : ''}>
        {none === null ? <LayerBones /> : <p class="dim">{none}</p>}
      </Region>
    );
  }
  return (
    <Region name="Layers" foldable={!wide} note={folded ? <SumLine root={root} /> : ''}>
      <div class="layer-tools">
        <Presets />
        <Filter />
        <IconButton icon="collapse" label={l10n.t('Collapse all')} onClick={() => view.patch({ openLayers: [] })} />
      </div>
      <div class="tree-head" aria-hidden="true">
        <span>{l10n.t('Layer')}</span>
        <span class="type">{l10n.t('Type')}</span>
        <span class="shape">{l10n.t('Output')}</span>
        <span class="params">{l10n.t('Parameters')}</span>
      </div>
      <Tree rows={rows} />
      <Sum root={root} />
    </Region>
  );
}

import * as l10n from '@vscode/l10n';
import type { LayerNode } from '../../src/protocol/layerTree';
import { bytes, number, roughly, shareWords, short } from '../format';
import { Rich, share, sizes } from '../parts/controls';
import { Icon } from '../parts/icon';
import { panel } from '../session';
import { useStore } from '../store';

/** "2,562 of 3.4 M parameters learn (0.08 %)" */
export function SumLine({ root }: { root: LayerNode }) {
  const part = root.parameters > 0 ? root.trainable / root.parameters : 0;
  const learns = root.trainable >= 1e6 ? short(root.trainable) : number(root.trainable);
  return (
    <Rich
      sentence={l10n.t('{0} of {1} parameters learn ({2})')}
      parts={[
        <strong class="num">{learns}</strong>,
        <span class="num">{short(root.parameters)}</span>,
        <span class="num">{shareWords(part)}</span>,
      ]}
    />
  );
}

/** The live sum under the tree, and what a run would cost. */
export function Sum({ root }: { root: LayerNode }) {
  const cost = useStore(panel, (s) => s.cost);
  return (
    <div class="tree-foot" aria-live="polite">
      <div class="share" aria-hidden="true">
        <i style={sizes({ v: share(root.trainable, root.parameters) })} />
      </div>
      <p class="sum-line">
        <SumLine root={root} />
      </p>
      <p class="cost">
        {root.trainable === 0 ? (
          <span class="warn">
            <Icon name="warning" kind="small" />
            {l10n.t('Nothing learns: check at least one layer.')}
          </span>
        ) : cost ? (
          l10n.t('about {0} an epoch · {1} of memory', roughly(cost.secondsPerEpoch), bytes(cost.memoryBytes))
        ) : (
          '\u00a0'
        )}
      </p>
    </div>
  );
}

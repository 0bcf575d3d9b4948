import * as l10n from '@vscode/l10n';
import { useEffect, useRef } from 'preact/hooks';
import type { ModelFacts } from '../src/protocol/assistant';
import { bytes, number, short } from './format';
import { post } from './host';
import { Bone, Button } from './parts/controls';
import { FailureBox } from './parts/failureBox';
import { Icon } from './parts/icon';
import { Region, useFolded } from './parts/region';
import { isGoingOn, panel } from './session';
import { useStore } from './store';

function sourceWords(source: ModelFacts['source']): string {
  switch (source) {
    case 'bundled':
      return l10n.t('built in');
    case 'cached':
      return l10n.t('downloaded');
    case 'hub':
      return l10n.t('on the hub');
    case 'disk':
      return l10n.t('from disk');
    case 'run':
      return l10n.t('from an earlier run');
    case 'scratch':
      return l10n.t('from scratch');
  }
}

function facts(model: ModelFacts): string[] {
  return [
    l10n.t('{0} parameters', short(model.parameters)),
    ...(model.bytes > 0 ? [bytes(model.bytes)] : []),
    sourceWords(model.source),
    ...(model.licence ? [model.licence] : []),
    ...(model.imageSize > 0 ? [l10n.t('{0} × {0} input', model.imageSize)] : []),
    ...(model.blocks !== undefined ? [model.blocks === 1 ? l10n.t('1 layer') : l10n.t('{0} layers', number(model.blocks))] : []),
    ...(model.maxLength !== undefined ? [l10n.t('{0} tokens', number(model.maxLength))] : []),
    ...(model.pretrainedOn ? [l10n.t('pretrained on {0}', model.pretrainedOn)] : model.imageSize > 0 ? [l10n.t('random weights')] : []),
  ];
}

export function Model() {
  const model = useStore(panel, (s) => s.model);
  const failure = useStore(panel, (s) => s.modelFailure);
  const unread = useStore(panel, (s) => s.dataFailure !== null && s.data === null);
  const fixed = useStore(panel, (s) => isGoingOn(s.phase));
  const folded = useFolded('Model');
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), [failure]);
  const change = (
    <Button
      label={l10n.t('Change model…')}
      disabled={fixed}
      title={fixed ? l10n.t('Fixed while this run goes on') : undefined}
      onClick={() => post({ type: 'changeModel' })}
    />
  );
  return (
    <Region name="Model" note={folded && model ? `${model.title} · ${l10n.t('{0} parameters', short(model.parameters))}` : ''}>
      {failure && (
        <div ref={box}>
          <FailureBox failure={failure}>
            {change}
            <Button label={l10n.t('Try again')} onClick={() => post({ type: 'retry' })} />
          </FailureBox>
        </div>
      )}
      {model ? (
        <div class="model">
          <Icon name="model" />
          <div>
            <div class="model-name">{model.title}</div>
            <ul class="facts">
              {facts(model).map((fact) => (
                <li key={fact}>{fact}</li>
              ))}
            </ul>
          </div>
          {!failure && change}
        </div>
      ) : (
        !failure &&
        (unread ? (
          <p class="dim">{l10n.t('One is proposed once the data can be read.')}</p>
        ) : (
          <div class="model" aria-busy="true">
            <Bone width="16px" height={16} />
            <div class="text-bones">
              <Bone width="140px" />
              <Bone width="70%" />
            </div>
            <Bone width="120px" height={26} />
          </div>
        ))
      )}
    </Region>
  );
}

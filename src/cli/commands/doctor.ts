import * as l10n from '@vscode/l10n';
import { examine } from '../../trainer/doctor';
import type { Output } from '../output';
import { size, table } from '../table';

export async function doctor(output: Output): Promise<void> {
  const found = await examine();
  output.result(found, () =>
    table('ll', [
      ['Node', found.node],
      [l10n.t('platform'), found.platform],
      [l10n.t('threads'), String(found.threads)],
      [l10n.t('memory'), size(found.memory)],
      ...found.engines.map((engine) => [
        l10n.t('engine {0}', engine.name),
        engine.available ? engine.version : l10n.t('not available: {0}', engine.reason ?? ''),
      ]),
      ...Object.entries(found.folders).map(([name, folder]) => [l10n.t('folder {0}', name), folder]),
    ]),
  );
}

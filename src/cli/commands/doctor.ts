import * as l10n from '@vscode/l10n';
import type { Doctor } from '../../protocol/assistant';
import { examine } from '../../trainer/doctor';
import type { Output } from '../output';
import { size, table } from '../table';

export async function doctor(output: Output): Promise<void> {
  output.note(l10n.t('Trying each engine and device…'));
  const found = await examine();
  output.result(found, () =>
    table('ll', [
      ['Node', found.node],
      [l10n.t('platform'), found.platform],
      [l10n.t('threads'), String(found.threads)],
      [l10n.t('memory'), size(found.memory)],
      ...found.engines.flatMap((engine) => [
        [l10n.t('engine {0}', engine.name), standing(engine, engine.version)],
        ...(engine.devices ?? []).map((device) => [l10n.t('device {0}', device.name), standing(device)]),
      ]),
      ...Object.entries(found.folders).map(([name, folder]) => [l10n.t('folder {0}', name), folder]),
    ]),
  );
}

type Engine = Doctor['engines'][number];

/** `1.30.0, 7 ms a step (reason)` */
function standing({ available, stepMilliseconds, reason }: Engine | NonNullable<Engine['devices']>[number], version?: string): string {
  if (!available) return l10n.t('not available: {0}', reason ?? '');
  const speed = stepMilliseconds === undefined ? undefined : l10n.t('{0} ms a step', stepMilliseconds.toPrecision(2));
  const facts = [version, speed].filter(Boolean).join(', ');
  return reason ? `${facts} (${reason})` : facts;
}

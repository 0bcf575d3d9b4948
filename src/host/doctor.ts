import * as l10n from '@vscode/l10n';
import type { Doctor } from '../protocol/assistant';

const gigabyte = 1024 ** 3;

/**
 * What was found out about this machine, as Markdown.
 * @param runsFolders where this window keeps runs: the process that examined the machine does not know
 */
export function doctorText({ node, platform, threads, memory, engines, folders }: Doctor, runsFolders: readonly string[]): string {
  const rows = [
    [l10n.t('Platform'), platform],
    ['Node', node],
    [l10n.t('Threads'), String(threads)],
    [l10n.t('Memory'), l10n.t('{0} GB', (memory / gigabyte).toFixed(1))],
    ...engines.flatMap((engine) => [
      [l10n.t('Engine {0}', engine.name), standing(engine, engine.version)],
      ...(engine.devices ?? []).map((device) => [l10n.t('Device {0}', device.name), standing(device)]),
    ]),
    ...Object.entries({ ...folders, runs: runsFolders.join(', ') }).map(([name, folder]) => [l10n.t('Folder {0}', name), `\`${folder}\``]),
  ];
  const line = (cells: (string | undefined)[]) =>
    `| ${cells.map((cell) => (cell ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(['', '']), line(['---', '---']), ...rows.map(line)].join('\n');
}

type Engine = Doctor['engines'][number];

function standing({ available, stepMilliseconds, reason }: Engine | NonNullable<Engine['devices']>[number], version?: string): string {
  if (!available) return l10n.t('not available: {0}', reason ?? l10n.t('no reason given'));
  const speed = stepMilliseconds === undefined ? undefined : l10n.t('{0} ms a step', stepMilliseconds.toPrecision(2));
  const facts = [version, speed].filter(Boolean).join(', ');
  return reason ? `${facts} (${reason})` : facts;
}

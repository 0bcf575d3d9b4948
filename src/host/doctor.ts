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
    ...engines.map((engine) => [
      l10n.t('Engine {0}', engine.name),
      engine.available ? engine.version : l10n.t('not available: {0}', engine.reason ?? l10n.t('no reason given')),
    ]),
    ...Object.entries({ ...folders, runs: runsFolders.join(', ') }).map(([name, folder]) => [l10n.t('Folder {0}', name), `\`${folder}\``]),
  ];
  const line = (cells: (string | undefined)[]) =>
    `| ${cells.map((cell) => (cell ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(['', '']), line(['---', '---']), ...rows.map(line)].join('\n');
}

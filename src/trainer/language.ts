import { existsSync } from 'node:fs';
import path from 'node:path';
import * as l10n from '@vscode/l10n';

/**
 * Loads the words of the user's language: the bundle that `THAW_L10N` names (set by the extension, empty for English),
 * else, in a terminal, the one that belongs to its locale.
 */
export function loadLanguage(): void {
  const given = process.env.THAW_L10N;
  const bundle = given ?? bundleOf(process.env.LC_ALL || process.env.LC_MESSAGES || process.env.LANG || '');
  if (bundle && existsSync(bundle)) l10n.config({ fsPath: bundle });
}

/** `zh_CN.UTF-8` → …/l10n/bundle.l10n.zh-cn.json */
function bundleOf(locale: string): string {
  const tag = locale.split('.')[0]!.replace('_', '-').toLowerCase();
  return tag ? path.join(__dirname, '..', '..', 'l10n', `bundle.l10n.${tag}.json`) : '';
}

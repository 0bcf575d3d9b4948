import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';

/** A model of the hub: `org/name`, or `name` alone for the oldest, at a branch, tag or commit. */
export interface HubName {
  readonly repo: string;
  readonly revision: string;
}

export const defaultRevision = 'main';
const part = '[A-Za-z0-9][\\w.-]{0,95}';
const repoPattern = new RegExp(`^(?:${part}/)?${part}$`);
/** A branch may have slashes (`refs/pr/1`), which become folders below `refs`. */
const revisionPattern = /^[\w.-]+(?:\/[\w.-]+)*$/;
const commitPattern = /^[0-9a-f]{40}$/;

/** `org/name[@revision]`; null for what cannot be a name on the hub (huggingface_hub `validate_repo_id`). */
export function parseHubName(text: string): HubName | null {
  const [repo = '', revision = defaultRevision, ...rest] = text.split('@');
  const isRepo = repoPattern.test(repo) && !/--|\.\.|\.git$|[.-]$/.test(repo) && !/[.-]\//.test(repo);
  const isRevision = revisionPattern.test(revision) && !revision.split('/').some((name) => /^\.+$/.test(name));
  return rest.length === 0 && isRepo && isRevision ? { repo, revision } : null;
}

/** @throws ThawError `usage` */
export function hubName(text: string): HubName {
  const name = parseHubName(text);
  if (name) return name;
  throw new ThawError(
    'usage',
    l10n.t('“{0}” is not a name of the hub.', text),
    l10n.t('Give it as ORGANISATION/NAME, with @REVISION for a branch, a tag or a commit.'),
  );
}

export function isCommit(revision: string): boolean {
  return commitPattern.test(revision);
}

/** As people write it: the revision only where it is not the default one. */
export function hubNameText({ repo, revision }: HubName): string {
  return revision === defaultRevision ? repo : `${repo}@${revision}`;
}

import * as l10n from '@vscode/l10n';
import { ThawError } from '../../../protocol/failure';

/** What the hub answered, as far as a failure is made of it. */
export interface Refusal {
  readonly url: string;
  readonly status: number;
  /** Headers X-Error-Code and X-Error-Message, which say more than the status. */
  readonly code: string;
  readonly message: string;
  readonly hasToken: boolean;
}

/** A refusal that waiting does not mend. The hub says 401 for a model that is not there to whoever has not logged in. */
export function refused({ url, status, code, message, hasToken }: Refusal): ThawError {
  const more = { path: url, detail: [`HTTP ${status}`, code, message].filter(Boolean).join(' · ') };
  const repo = repoOf(url);
  if (code === 'GatedRepo' || (status === 403 && /gated|restricted/i.test(message)))
    return new ThawError(
      'hub.denied',
      l10n.t('Whoever wants to use {0} must first accept its terms.', repo),
      hasToken
        ? l10n.t('Accept them on the model’s page with the account of your token, then try again.')
        : l10n.t('Accept them on the model’s page, then give Thaw a token of that account: HF_TOKEN, or “hf auth login”.'),
      more,
    );
  if (status === 401 && /invalid (credentials|username|token)|expired/i.test(message))
    return new ThawError(
      'hub.denied',
      l10n.t('The hub does not accept the token.'),
      l10n.t('Make a new one on the hub, and give it as HF_TOKEN or by “hf auth login”; without a token, public models can be had.'),
      more,
    );
  if (code === 'RevisionNotFound')
    return new ThawError(
      'hub.missing',
      l10n.t('{0} has no such revision.', repo),
      l10n.t('Choose one of the branches, tags or commits on its page.'),
      more,
    );
  if (code === 'EntryNotFound')
    return new ThawError(
      'hub.missing',
      l10n.t('{0} has no such file any more.', repo),
      l10n.t('Try again, or choose another model.'),
      more,
    );
  if (code === 'RepoNotFound' || status === 401 || status === 404)
    return new ThawError(
      'hub.missing',
      l10n.t('There is no model “{0}” on the hub, or it is private.', repo),
      hasToken
        ? l10n.t('Look whether the name is right, and whether the account of your token may see it.')
        : l10n.t('Look whether the name is right; a private model needs a token: HF_TOKEN, or “hf auth login”.'),
      more,
    );
  if (status === 403)
    return new ThawError(
      'hub.denied',
      l10n.t('The hub does not let you read {0}.', repo),
      l10n.t('Use a token whose account may: HF_TOKEN, or “hf auth login”.'),
      more,
    );
  return new ThawError(
    'hub.unreachable',
    l10n.t('The hub answers with an error ({0}).', status),
    l10n.t('Try again later: what is downloaded already is kept.'),
    more,
  );
}

/** @param seconds what the hub asks to wait */
export function limited(url: string, seconds: number): ThawError {
  return new ThawError(
    'hub.limited',
    l10n.t('The hub asks to wait {0} seconds: too many requests came from here.', Math.ceil(seconds)),
    l10n.t('Try again then; whoever gives a token (HF_TOKEN, or “hf auth login”) may ask more often.'),
    { path: url },
  );
}

export function offline(url: string): ThawError {
  return new ThawError(
    'hub.unreachable',
    l10n.t('{0} is not on this machine, and HF_HUB_OFFLINE forbids to ask the hub.', repoOf(url)),
    l10n.t('Unset HF_HUB_OFFLINE, or choose a model that “thaw models” lists.'),
  );
}

/** An answer of another form than the hub's. */
export function strange(url: string, error: unknown): ThawError {
  return new ThawError(
    'hub.unreachable',
    l10n.t('What answers there is not a hub that Thaw understands.'),
    l10n.t('Look at HF_ENDPOINT (in VS Code: thaw.hub.endpoint), and whether a proxy or a login page answers in its place.'),
    { path: url, detail: error instanceof Error ? error.message : String(error), cause: error },
  );
}

/** Reasons that do not go away within seconds. */
const lasting: Readonly<Record<string, () => string>> = {
  ENOTFOUND: () => l10n.t('its address is not known here'),
  ECONNREFUSED: () => l10n.t('nothing listens there'),
  ENETUNREACH: () => l10n.t('there is no network'),
  EHOSTUNREACH: () => l10n.t('there is no way to it'),
};
const passing: Readonly<Record<string, () => string>> = {
  EAI_AGAIN: () => l10n.t('its address cannot be looked up'),
  ECONNRESET: () => l10n.t('the connection was cut'),
  EPIPE: () => l10n.t('the connection was cut'),
  UND_ERR_SOCKET: () => l10n.t('the connection was cut'),
  ETIMEDOUT: () => l10n.t('it does not answer'),
  UND_ERR_CONNECT_TIMEOUT: () => l10n.t('it does not answer'),
  UND_ERR_HEADERS_TIMEOUT: () => l10n.t('it does not answer'),
  UND_ERR_BODY_TIMEOUT: () => l10n.t('nothing more comes'),
};

/** The system's own name of a failure, from as deep as fetch hides it. */
export function causeOf(error: unknown): string {
  for (
    let at = error as { code?: unknown; cause?: unknown; errors?: unknown[] } | undefined;
    at;
    at = (at.errors?.[0] ?? at.cause) as typeof at
  )
    if (typeof at.code === 'string' && at.code !== '') return at.code;
  return '';
}

/** Whether it makes sense to ask again. */
export function isPassing(error: unknown): boolean {
  const code = causeOf(error);
  return !(code in lasting) && !isCertificate(code);
}

export function unreachable(url: string, error: unknown): ThawError {
  const code = causeOf(error);
  const host = URL.canParse(url) ? new URL(url).host : url;
  const more = { path: url, detail: `${code} ${(error as Error).stack ?? String(error)}`.trim(), cause: error };
  if (isCertificate(code))
    return new ThawError(
      'hub.unreachable',
      l10n.t('{0} does not prove who it is ({1}).', host, code),
      l10n.t('Behind a proxy that opens connections, name its certificate in NODE_EXTRA_CA_CERTS.'),
      more,
    );
  const reason = (lasting[code] ?? passing[code])?.() ?? (code || (error as Error).message);
  return new ThawError(
    'hub.unreachable',
    l10n.t('{0} cannot be reached: {1}.', host, reason),
    l10n.t('Look whether there is a network (a proxy is taken from HTTPS_PROXY), then try again: what is downloaded already is kept.'),
    more,
  );
}

function isCertificate(code: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/.test(code);
}

/** `org/name` of an address of the hub. */
function repoOf(url: string): string {
  const path = URL.canParse(url) ? decodeURIComponent(new URL(url).pathname) : url;
  return path.replace(/^\/?(?:api\/models\/)?/, '').replace(/\/(?:revision|resolve|tree)\/.*$/, '');
}

import { setTimeout } from 'node:timers/promises';
import type { EnvHttpProxyAgent, Response } from 'undici';
import { isPassing, limited, offline, refused, unreachable } from './failures';
import type { HubSettings } from './settings';

export interface Asking {
  readonly method?: 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly redirect?: 'follow' | 'manual';
  readonly signal?: AbortSignal;
  /** An answer to take as it is, though it is no success: a redirect that is not followed, say. */
  readonly accept?: (status: number) => boolean;
  /** Told before each wait, seconds. */
  readonly onWait?: (seconds: number) => void;
}

/**
 * One way to the hub for all that is asked of it: by the proxies of HTTPS_PROXY, HTTP_PROXY and NO_PROXY (which Node's
 * own fetch does not know before 24, so it is undici's), with patience, and with failures that say what they mean.
 */
export class HubHttp {
  private agent: EnvHttpProxyAgent | null = null;

  constructor(readonly settings: HubSettings) {}

  /**
   * An answer that is a success. A request is repeated while the hub is busy or the way to it is disturbed.
   * @throws ThawError `hub.*`; the signal's reason
   */
  async ask(url: string, asking: Asking = {}): Promise<Response> {
    const { endpoint, token, patience, offline: isOffline } = this.settings;
    if (isOffline) throw offline(url);
    const own: Record<string, string> = token !== undefined && url.startsWith(`${endpoint}/`) ? { authorization: `Bearer ${token}` } : {};
    for (let attempt = 1; ; attempt++) {
      let response: Response;
      try {
        response = await this.fetch(url, { ...asking, headers: { ...own, ...asking.headers } });
      } catch (error) {
        asking.signal?.throwIfAborted();
        if (attempt >= patience.attempts || !isPassing(error)) throw unreachable(url, error);
        await this.wait(this.pause(attempt), asking);
        continue;
      }
      if (response.ok || asking.accept?.(response.status)) return response;
      const said = (name: string) => response.headers.get(name) ?? '';
      const refusal = { url, status: response.status, code: said('x-error-code'), message: said('x-error-message'), hasToken: !!token };
      const after = secondsToWait(response);
      await response.body?.cancel().catch(() => undefined);
      if (response.status === 429) {
        const seconds = after ?? this.pause(attempt) / 1000;
        if (attempt >= patience.attempts || seconds * 1000 > patience.longestWaitMs) throw limited(url, seconds);
        await this.wait(seconds * 1000, asking);
      } else if (response.status >= 500 || response.status === 408) {
        if (attempt >= patience.attempts) throw refused(refusal);
        await this.wait(Math.min((after ?? 0) * 1000, patience.longestWaitMs) || this.pause(attempt), asking);
      } else throw refused(refusal);
    }
  }

  /** For @huggingface/hub, which takes a fetch of the caller's; the token is added here. */
  fetchFor(signal: AbortSignal | undefined, onWait?: Asking['onWait']): typeof fetch {
    const ask = async (url: string | URL | Request, init?: RequestInit) =>
      this.ask(String(url), { headers: init?.headers as Record<string, string>, signal, onWait });
    return ask as unknown as typeof fetch; // undici's Response is the one of the platform, under another name
  }

  /** Milliseconds before the attempt after this one. */
  pause(attempt: number): number {
    return this.settings.patience.firstWaitMs * 2 ** (attempt - 1);
  }

  async wait(milliseconds: number, { signal, onWait }: Pick<Asking, 'signal' | 'onWait'>): Promise<void> {
    onWait?.(milliseconds / 1000);
    await setTimeout(milliseconds, undefined, { signal }).catch(() => undefined);
    signal?.throwIfAborted();
  }

  async close(): Promise<void> {
    await this.agent?.destroy();
    this.agent = null;
  }

  private async fetch(url: string, { method, headers, redirect, signal }: Asking): Promise<Response> {
    // Loaded when something is asked: most runs ask nothing.
    const { EnvHttpProxyAgent, fetch } = await import('./undici');
    const { silenceMs } = this.settings.patience;
    this.agent ??= new EnvHttpProxyAgent({ headersTimeout: silenceMs, bodyTimeout: silenceMs, connect: { timeout: silenceMs } });
    return fetch(url, { method, headers, redirect, signal, dispatcher: this.agent });
  }
}

/** Seconds of Retry-After (a number or a date), or of the hub's own RateLimit header (`"api";r=0;t=55`). */
function secondsToWait(response: Response): number | null {
  const after = response.headers.get('retry-after');
  if (after !== null) {
    const seconds = Number(after);
    const date = Date.parse(after);
    if (Number.isFinite(seconds)) return Math.max(0, seconds);
    if (Number.isFinite(date)) return Math.max(0, (date - Date.now()) / 1000);
  }
  const reset = /(?:^|;)\s*t=(\d+)/.exec(response.headers.get('ratelimit') ?? '');
  return reset ? Number(reset[1]) : null;
}

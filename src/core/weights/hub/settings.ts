import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { getHFHubCachePath, HUB_URL } from '@huggingface/hub';

/** How long to try before giving up. */
export interface Patience {
  /** Failures in a row without a byte gained. */
  readonly attempts: number;
  /** Before the second attempt; doubled before each further one. */
  readonly firstWaitMs: number;
  /** A hub that asks (Retry-After) for more than this is not waited for. */
  readonly longestWaitMs: number;
  /** Without an answer, or without a byte of one. */
  readonly silenceMs: number;
}

export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** The folder that holds `models--org--name`. */
  readonly cache: string;
  readonly token: string | undefined;
  /** Nothing may be asked of any network. */
  readonly offline: boolean;
  readonly patience: Patience;
}

const patience: Patience = { attempts: 5, firstWaitMs: 500, longestWaitMs: 90_000, silenceMs: 30_000 };

/**
 * What Hugging Face's own tools go by (huggingface_hub, "Environment variables"): HF_ENDPOINT, HF_HUB_CACHE, HF_HOME,
 * HF_TOKEN, HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN, HF_HUB_OFFLINE; proxies see http.ts.
 */
export function hubSettings({ endpoint, ...given }: Partial<HubSettings> = {}): HubSettings {
  const { env } = process;
  return {
    endpoint: (endpoint || env.HF_ENDPOINT || HUB_URL).replace(/\/+$/, ''),
    cache: path.resolve(expanded(getHFHubCachePath())),
    offline: isOn(env.HF_HUB_OFFLINE) || isOn(env.TRANSFORMERS_OFFLINE),
    patience,
    token: token(),
    ...given,
  };
}

function token(): string | undefined {
  const { env } = process;
  const given = env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN;
  if (given) return given.trim() || undefined;
  if (isOn(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  const home = env.HF_HOME || path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'huggingface');
  try {
    return readFileSync(expanded(env.HF_TOKEN_PATH || path.join(home, 'token')), 'utf8').trim() || undefined;
  } catch {
    return undefined; // not logged in
  }
}

function isOn(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}

/** `~` as Python's expanduser takes it; @huggingface/hub leaves it. */
function expanded(folder: string): string {
  return folder.replace(/^~(?=$|[\\/])/, homedir());
}

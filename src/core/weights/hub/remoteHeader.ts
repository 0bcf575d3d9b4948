import type { Response } from 'undici';
import { parseHeader, type SafetensorsHeader, safetensorsHeaderLength } from '../safetensorsHeader';
import type { HubHttp } from './http';
import { fileUrl, type HubFile, type HubModel } from './lookup';

/** Long enough for the header of most models, and one round trip either way. */
const firstBytes = 1 << 17;

/**
 * The header of a safetensors file on the hub: by Range, its tensors not fetched. (@huggingface/hub's
 * parseSafetensorsMetadata believes the header; here it is held against the file's size like any other.)
 * @throws ThawError `hub.*` | `model.corrupt`
 */
export async function readRemoteHeader(http: HubHttp, model: HubModel, file: HubFile, signal?: AbortSignal): Promise<SafetensorsHeader> {
  const url = fileUrl(http, model.repo, model.commit, file.name);
  let bytes = await range(http, url, Math.min(firstBytes, file.size), signal);
  const length = safetensorsHeaderLength(bytes, { path: url, size: file.size });
  if (8 + length > bytes.length) bytes = await range(http, url, 8 + length, signal);
  return parseHeader(bytes.toString('utf8', 8, 8 + length), { path: url, start: 8 + length, size: file.size });
}

/** A file's first bytes; fewer where it has fewer. */
async function range(http: HubHttp, url: string, count: number, signal?: AbortSignal): Promise<Buffer> {
  const response: Response = await http.ask(url, {
    signal,
    headers: { 'accept-encoding': 'identity', range: `bytes=0-${Math.max(0, count - 1)}` },
    accept: (status) => status === 416, // of an empty file
  });
  const chunks: Uint8Array[] = [];
  let held = 0;
  // Where ranges are not served the whole file comes: we leave when we have enough.
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array);
    held += (chunk as Uint8Array).length;
    if (held >= count) break;
  }
  return Buffer.concat(chunks).subarray(0, count);
}

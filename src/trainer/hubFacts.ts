import { HubHttp, hubName, hubNameText, hubSettings, lookUp, missingFiles, sizeOf } from '../core/weights/hub';
import type { HubAccess, HubFacts } from '../protocol/assistant';

/** What the hub says of a model, and how much of it is not here yet. @throws ThawError `usage` | `hub.*` | `model.unsupported` */
export async function hubFacts(id: string, access: HubAccess, signal: AbortSignal): Promise<HubFacts> {
  const settings = hubSettings(access);
  const http = new HubHttp(settings);
  try {
    const model = await lookUp(http, hubName(id), { signal });
    const missing = sizeOf(await missingFiles(settings.cache, model));
    const { bytes, files, licence, downloads, gated, format } = model;
    return { id: hubNameText(model), bytes, files: files.length, licence, downloads, gated, missing, hasHeader: format === 'safetensors' };
  } finally {
    await http.close();
  }
}

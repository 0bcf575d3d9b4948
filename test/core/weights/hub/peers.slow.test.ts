import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findModel, hubName, pull } from '../../../../src/core/weights/hub';
import { sha256 } from './loopbackHub';
import { smallModel, world } from './world';

const python = path.resolve(__dirname, '../../../../bench/.peers/bin/python');
const w = world();
const small = smallModel();
const cache = () => path.join(w.folder, 'hub');

/** Runs a line of Python with huggingface_hub, at the same hub and cache as ours. @returns what it prints */
async function hf(code: string, more: Record<string, string> = {}): Promise<string> {
  const env = { ...process.env, HF_ENDPOINT: w.hub.endpoint, HF_HUB_CACHE: cache(), HF_HUB_OFFLINE: '', HF_HUB_DISABLE_XET: '1', ...more };
  const { stdout } = await promisify(execFile)(python, ['-c', `import huggingface_hub as h; ${code}`], { env });
  return stdout.trim();
}

describe.skipIf(!existsSync(python))('beside Hugging Face’s own tools', () => {
  it('what Thaw downloads they find, without a network', async () => {
    w.hub.repos['org/small'] = { files: small };
    const { folder } = await pull(hubName('org/small'), { settings: w.settings() });
    await w.hub.stop();
    expect(await hf("print(h.snapshot_download('org/small', local_files_only=True))", { HF_HUB_OFFLINE: '1' })).toBe(folder);
    const file = await hf("print(h.hf_hub_download('org/small', 'model.safetensors'))", { HF_HUB_OFFLINE: '1' });
    expect(sha256(readFileSync(file))).toBe(sha256(small['model.safetensors'] as Buffer));
    expect(await hf('print([r.repo_id for r in h.scan_cache_dir().repos], len(h.scan_cache_dir().warnings))')).toBe("['org/small'] 0");
  });

  it('what they downloaded Thaw takes, and fetches none of it', async () => {
    w.hub.repos['org/small'] = { files: small };
    const folder = await hf("print(h.snapshot_download('org/small', allow_patterns=['*.json', 'model.safetensors', 'README.md']))");
    expect((await findModel(cache(), hubName('org/small')))?.folder).toBe(folder);
    w.hub.seen.length = 0;
    expect(await pull(hubName('org/small'), { settings: w.settings() })).toMatchObject({ folder, fetched: 0 });
    expect(w.hub.asked('GET /store')).toEqual([]);
  });

  it('they go on with nothing of ours that is broken, nor we with theirs', async () => {
    w.hub.repos['org/small'] = { files: small };
    w.hub.next('GET /store', { cutAfter: 50_000 }, ...Array.from({ length: 4 }, () => ({ cutAfter: 0 })));
    await pull(hubName('org/small'), { settings: w.settings() }).catch(() => undefined);
    const theirs = await hf("print(h.hf_hub_download('org/small', 'model.safetensors'))");
    expect(sha256(readFileSync(theirs))).toBe(sha256(small['model.safetensors'] as Buffer));
    rmSync(cache(), { recursive: true });
    const { folder } = await pull(hubName('org/small'), { settings: w.settings() });
    expect(sha256(readFileSync(path.join(folder, 'model.safetensors')))).toBe(sha256(small['model.safetensors'] as Buffer));
  });
});

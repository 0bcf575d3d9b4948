import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type HubSettings, hubSettings } from '../../../../src/core/weights/hub';
import { fixtures } from '../../models/fixtures';
import { LoopbackHub } from './loopbackHub';

/** A small model in timm's layout, with files beside it that nobody needs. */
export function smallModel(): Record<string, Buffer> {
  const folder = path.join(fixtures, 'mobilenetv2');
  return {
    '.gitattributes': Buffer.from('*.safetensors filter=lfs'),
    'README.md': Buffer.from('---\nlicense: apache-2.0\n---\nSmall.\n'),
    'config.json': readFileSync(path.join(folder, 'config.json')),
    'model.safetensors': readFileSync(path.join(folder, 'model.safetensors')),
    'pytorch_model.bin': Buffer.from('not this one'),
    'training_args.bin': Buffer.from('nor this'),
    'onnx/model.onnx': Buffer.from('nor this'),
  };
}

export interface World {
  hub: LoopbackHub;
  folder: string;
  settings(given?: Partial<HubSettings>): HubSettings;
}

/** Each test has a hub and an empty cache of its own. */
export function world(): World {
  const made = {} as World;
  beforeEach(async () => {
    made.hub = await LoopbackHub.start();
    made.folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-hub-'));
    const patience = { attempts: 4, firstWaitMs: 5, longestWaitMs: 2000, silenceMs: 2000 };
    made.settings = (given) =>
      hubSettings({
        endpoint: made.hub.endpoint,
        cache: path.join(made.folder, 'hub'),
        token: undefined,
        offline: false,
        patience,
        ...given,
      });
  });
  afterEach(async () => {
    await made.hub.stop();
    rmSync(made.folder, { recursive: true, force: true });
  });
  return made;
}

import { existsSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { commit } from '../core/weights/hub/loopbackHub';
import { smallModel, world } from '../core/weights/hub/world';
import { bundled, type Outcome, pictures, temporary, thaw } from './thaw';

let bundles: string;
beforeAll(async () => {
  bundles = await bundled();
});
const w = world();

function run(...args: string[]): Promise<Outcome> {
  const env = { HF_ENDPOINT: w.hub.endpoint, HF_HUB_CACHE: path.join(w.folder, 'hub'), HF_HUB_OFFLINE: '', HF_TOKEN: '' };
  return thaw(bundles, w.folder, args, env);
}

it('pull, models, layers and train go together', async () => {
  w.hub.repos['org/small'] = { files: smallModel(), licence: 'apache-2.0', downloads: 1234 };
  const data = await pictures(path.join(temporary(), 'data'), 8);

  const train = ['train', data, '--model', 'org/small', '--epochs', '1', '--image-size', '32', '--json'];
  const early = await run(...train);
  expect(early.code).toBe(4);
  expect(early.stdout).toContain('thaw pull org/small');
  expect(w.hub.seen).toEqual([]);

  const layers = await run('layers', 'org/small', '--json');
  expect(layers.json<{ parameters: number }>().parameters).toBeGreaterThan(1000);

  const pulled = await run('pull', 'org/small', '--json');
  expect(pulled.code, pulled.stderr).toBe(0);
  const { path: folder, ...facts } = pulled.json<{ path: string }>();
  expect(facts).toMatchObject({ id: 'org/small', licence: 'apache-2.0', downloads: 1234, gated: false });
  expect(existsSync(path.join(folder, 'model.safetensors'))).toBe(true);
  expect(pulled.stderr).toContain('licence apache-2.0');
  expect((await run('pull', 'org/small')).stdout).toContain('already');

  const models = (await run('models', '--json')).json<{ id: string; source: string; licence: string }[]>();
  expect(models).toContainEqual(expect.objectContaining({ id: 'org/small', source: 'cached', licence: 'Apache-2.0' }));

  const learned = await run(...train);
  expect(learned.code, learned.stderr).toBe(0);
  expect(learned.lines().at(-1)?.type).toBe('finished');
  const [started] = learned.lines();
  expect(started?.type === 'started' && started.config.model).toBe(`org/small@${commit}`);
});

it('a refusal is one JSON document with its code, and exit 4', async () => {
  const { code, stdout, stderr } = await run('pull', 'org/absent', '--json');
  expect(code).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'hub.missing', message: expect.stringContaining('org/absent') } });
  expect(stderr).toContain('org/absent');
  expect((await run('pull', '../etc')).code).toBe(2);
});

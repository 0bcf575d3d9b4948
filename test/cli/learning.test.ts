import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { completeConfig } from '../../src/cli/learning';
import { draftConfig, type TrainFlags } from '../../src/cli/trainConfig';
import { adapterFolder, expectedAdapter } from '../core/weights/adapter/adapters';

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-learning-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const places = { modelsFolder: folder, runsFolder: folder };

const data = path.join(folder, 'mails.csv');
writeFileSync(data, `text,label\n${Array.from({ length: 40 }, (_, i) => `a text of number ${i},${i % 2 ? 'good' : 'bad'}`).join('\n')}\n`);

async function completed(model: string, flags: Partial<TrainFlags> = {}) {
  const draft = await draftConfig(data, { rules: [], preset: 'lora', model, ...flags });
  return completeConfig(draft, [], places);
}

it('lets an adapter learn on as it is, unless somebody says how adapters are to be', async () => {
  const adapter = adapterFolder('bert', folder);
  const { lora, notes } = await completed(adapter).then((found) => ({ lora: found.config.lora, notes: found.notes }));
  expect(lora).toMatchObject({ rank: 4, alpha: 8 });
  expect(notes.join()).toContain('learns on: rank 4');
  expect((await completed(adapter, { loraRank: '2' })).config.lora).toMatchObject({ rank: 2, alpha: 16 });
  const base = path.join(folder, expectedAdapter('bert').base);
  expect((await completed(base)).config.lora).toMatchObject({ rank: 8, alpha: 16 });
});

it("finds by name what learns of an adapter's own layers", async () => {
  const adapter = adapterFolder('distilbert', folder);
  const draft = await draftConfig(data, { rules: [], preset: 'lora', model: adapter });
  const rule = '**.ffn.lin2.lora_A.weight'; // where no adapter of the family's would be
  const { config } = await completeConfig(draft, [rule], places);
  expect(config.phases[0]?.rules).toContain(rule);
});

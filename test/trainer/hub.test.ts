import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type AssistantMessage, answerSchemas } from '../../src/protocol/assistant';
import { Assistant } from '../../src/trainer/assistant';
import { goodToken, sha256 } from '../core/weights/hub/loopbackHub';
import { smallModel, world } from '../core/weights/hub/world';

const w = world();
const small = smallModel();
let messages: AssistantMessage[];
let assistant: Assistant;
beforeEach(() => {
  vi.stubEnv('HF_HUB_CACHE', path.join(w.folder, 'hub'));
  vi.stubEnv('HF_HUB_OFFLINE', undefined);
  vi.stubEnv('THAW_MODELS', path.join(w.folder, 'none'));
  messages = [];
  assistant = new Assistant((message) => messages.push(message));
});
afterEach(() => vi.unstubAllEnvs());

const hub = (token?: string) => ({ endpoint: w.hub.endpoint, ...(token && { token }) });
async function ask(request: Record<string, unknown>): Promise<AssistantMessage> {
  const id = messages.length + 100;
  await assistant.receive({ id, ...request });
  return messages.find((message) => message.id === id && message.type !== 'progress') as AssistantMessage;
}
const done = async (request: Record<string, unknown>) => {
  const answer = await ask(request);
  if (answer.type !== 'done') throw new Error(JSON.stringify(answer));
  return answer.value;
};

it('lists what is popular for a task and of a kind that is read, the most downloaded first', async () => {
  const of = (downloads: number, more = {}) => ({ files: small, downloads, ...more });
  w.hub.repos['timm/mobilenetv2_100.ra_in1k'] = of(10, { library: 'timm', licence: 'apache-2.0' });
  w.hub.repos['timm/unheard_of.x'] = of(99, { library: 'timm' });
  w.hub.repos['org/net'] = of(50, { modelType: 'mobilenet_v2', gated: true });
  w.hub.repos['org/other'] = of(70, { modelType: 'unheard' });
  w.hub.repos['org/text'] = of(80, { modelType: 'bert', task: 'text-classification' });
  const popular = (search: string, task = 'image-classification') => done({ type: 'popular', task, search, hub: hub() });
  expect(answerSchemas.popular.parse(await popular(''))).toEqual([
    { id: 'org/net', downloads: 50, licence: '', gated: true },
    { id: 'timm/mobilenetv2_100.ra_in1k', downloads: 10, licence: 'apache-2.0', gated: false },
  ]);
  expect(await popular('mobilenet')).toMatchObject([{ id: 'timm/mobilenetv2_100.ra_in1k' }]);
  expect(await popular('', 'text-pair-classification')).toMatchObject([{ id: 'org/text' }]);
});

it('tells size, licence and downloads, then downloads with progress, then there is nothing more to come', async () => {
  w.hub.repos['org/small'] = { files: small, licence: 'mit', downloads: 7, gated: true };
  const look = () => done({ type: 'hubModel', model: 'org/small', hub: hub(goodToken) });
  const first = answerSchemas.hubModel.parse(await look());
  expect(first).toMatchObject({ id: 'org/small', licence: 'mit', downloads: 7, gated: true, hasHeader: true, files: 3 });
  expect(first.missing).toBe(first.bytes);

  const layers = (access: unknown) => ask({ type: 'layers', model: 'org/small', classes: 3, hub: access });
  expect(await layers(undefined)).toMatchObject({ type: 'failed', failure: { code: 'model.missing' } });
  expect(await layers(hub())).toMatchObject({ type: 'failed', failure: { code: 'hub.denied' } });
  expect(await layers(hub(goodToken))).toMatchObject({ type: 'done', value: { facts: { source: 'hub', bytes: first.bytes } } });

  answerSchemas.pull.parse(await done({ type: 'pull', model: 'org/small', hub: hub(goodToken) }));
  const progress = messages.filter(({ type }) => type === 'progress').map((m) => answerSchemas.pull.parse((m as { value: unknown }).value));
  expect(progress.length).toBeGreaterThan(0);
  expect(answerSchemas.hubModel.parse(await look()).missing).toBe(0);
  expect(await layers(undefined)).toMatchObject({ type: 'done', value: { facts: { source: 'cached' } } });
});

it('stops a download that is cancelled, and keeps what has come', async () => {
  w.hub.repos['org/small'] = { files: small };
  w.hub.next('GET /store', { cutAfter: 60_000 }, { hang: true });
  const pulling = assistant.receive({ id: 1, type: 'pull', model: 'org/small', hub: hub() });
  await vi.waitFor(() => expect(w.hub.asked('GET /store').length).toBe(2));
  await assistant.receive({ id: 2, type: 'cancel', request: 1 });
  await pulling;
  expect(messages.find(({ id, type }) => id === 1 && type === 'failed')).toMatchObject({ failure: { code: 'interrupted' } });
  const hash = sha256(small['model.safetensors'] as Buffer);
  expect(existsSync(path.join(w.folder, 'hub/models--org--small/blobs', `${hash}.incomplete`))).toBe(true);
});

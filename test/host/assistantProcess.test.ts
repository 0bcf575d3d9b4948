import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AssistantProcess } from '../../src/host/assistantProcess';
import { temporaryFolder, until } from './fakes';

/** Answers by the path that it is asked about. */
const child = `
const summary = { root: '', task: 'image-classification', classes: [], splits: {}, problems: [], fingerprint: '' };
const cancelled = [];
process.on('message', (message) => {
  const send = (type, more) => process.send({ type, id: message.id, ...more });
  if (message.type === 'cancel') return cancelled.push(message.request), send('done', { value: null });
  if (message.type === 'thumbnails') return send('done', { value: message.paths.map((p) => (p === 'bad' ? null : new Uint8Array([p.length]))) });
  switch (message.path) {
    case 'die': console.error('out of luck'); process.exit(3);
    case 'wait': return;
    case 'fail': return send('failed', { failure: { code: 'data.empty', message: 'Empty.', hint: 'Fill it.', path: 'fail' } });
    case 'nonsense': return send('done', { value: 42 });
    case 'cancelled': return send('done', { value: { summary: { ...summary, classes: cancelled.map((id) => ({ name: '', count: id })) } } });
    default:
      send('progress', { value: { summary } });
      send('done', { value: { summary: { ...summary, fingerprint: String(process.pid) } } });
  }
});
process.on('disconnect', () => process.exit());
`;

describe('AssistantProcess', () => {
  let script: string;
  let assistant: AssistantProcess;
  const log: string[] = [];
  const inspect = (folder: string) => ({ path: folder, validationSplit: 0.15, testSplit: 0.15 });

  beforeAll(() => {
    script = path.join(temporaryFolder(), 'child.cjs');
    writeFileSync(script, child);
    assistant = new AssistantProcess(
      () => ({ script, modelsFolder: '', tensorflowFolder: '', l10nBundle: '' }),
      (line) => log.push(line),
    );
  });
  afterEach(() => {
    log.length = 0;
  });
  afterAll(() => assistant.dispose());

  it('tells progress before the answer', async () => {
    const seen: string[] = [];
    const answer = await assistant.ask('inspect', inspect('ok'), { onProgress: ({ summary }) => seen.push(summary.fingerprint) });
    expect(seen).toEqual(['']);
    expect(Number(answer.summary.fingerprint)).toBeGreaterThan(0);
  });

  it('carries bytes', async () => {
    const images = await assistant.ask('thumbnails', { root: '', paths: ['abc', 'bad'], side: 8 });
    expect(images).toEqual([new Uint8Array([3]), null]);
  });

  it('rejects with the failure that it was given', async () => {
    await expect(assistant.ask('inspect', inspect('fail'))).rejects.toMatchObject({
      failure: { code: 'data.empty', message: 'Empty.', hint: 'Fill it.', path: 'fail' },
    });
  });

  it('rejects an answer of another form', async () => {
    await expect(assistant.ask('inspect', inspect('nonsense'))).rejects.toMatchObject({ failure: { code: 'unexpected' } });
  });

  it('cancels: the promise rejects at once, and the child is told', async () => {
    const controller = new AbortController();
    const waiting = assistant.ask('inspect', inspect('wait'), { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ failure: { code: 'interrupted' } });
    const told = await assistant.ask('inspect', inspect('cancelled'));
    expect(told.summary.classes).toHaveLength(1);
    await expect(assistant.ask('inspect', inspect('ok'), { signal: controller.signal })).rejects.toMatchObject({
      failure: { code: 'interrupted' },
    });
  });

  it('rejects everything when it dies, with the end of stderr, and starts again for the next request', async () => {
    const before = await assistant.ask('inspect', inspect('ok'));
    const waiting = assistant.ask('inspect', inspect('wait')).catch((reason: unknown) => reason);
    const dying = assistant.ask('inspect', inspect('die')).catch((reason: unknown) => reason);
    for (const error of await Promise.all([waiting, dying]))
      expect(error).toMatchObject({ failure: { code: 'process.died', detail: 'out of luck' } });
    expect(log).toContain('out of luck');
    const after = await assistant.ask('inspect', inspect('ok'));
    expect(after.summary.fingerprint).not.toBe(before.summary.fingerprint);
  });

  it('ends when it is idle for long, and starts again', async () => {
    const resting = new AssistantProcess(
      () => ({ script, modelsFolder: '', tensorflowFolder: '', l10nBundle: '' }),
      () => {},
      30,
    );
    const pid = async () => Number((await resting.ask('inspect', inspect('ok'))).summary.fingerprint);
    const first = await pid();
    await until(() => !lives(first), 'its end');
    expect(await pid()).not.toBe(first);
    resting.dispose();
  });

  it('ends with its window', async () => {
    const { summary } = await assistant.ask('inspect', inspect('ok'));
    assistant.dispose();
    await until(() => !lives(Number(summary.fingerprint)), 'its end');
  });

  it('says what is wrong when there is no such program', async () => {
    const broken = new AssistantProcess(
      () => ({ script: `${script}.gone`, modelsFolder: '', tensorflowFolder: '', l10nBundle: '' }),
      () => {},
    );
    await expect(broken.ask('doctor', {})).rejects.toMatchObject({ failure: { code: 'process.died' } });
  });
});

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { RunFolder } from '../../src/core/runs';
import { readSafetensors } from '../../src/core/weights';
import type { DataSummary } from '../../src/protocol/data';
import type { RunEvent } from '../../src/protocol/events';
import type { Failure } from '../../src/protocol/failure';
import { bundled, loop, type Outcome, pictures, temporary, thaw } from './thaw';

let bundles: string;
let work: string;
let photos: string;

beforeAll(async () => {
  bundles = await bundled();
  work = temporary();
  photos = await pictures(path.join(work, 'photos'), 12);
}, 120_000);

const run = (...args: string[]) => thaw(bundles, work, args);
const small = ['--model', 'convnet_small', '--epochs', '2', '--image-size', '32', '--batch-size', '8', '--augment', 'none'];
const train = (data: string, out: string, ...more: string[]) => run('train', data, ...small, '--out', out, '--json', ...more);

/** A command that failed: its exit code, one error document on stdout that says cause and remedy, and the same words for people. */
function expectFailure(outcome: Outcome, code: number, failureCode: string): Omit<Failure, 'detail'> {
  expect(outcome.code, outcome.stderr).toBe(code);
  const { error, ...others } = outcome.json<{ error: Failure }>();
  expect(others).toEqual({});
  expect(Object.keys(error).filter((key) => !['code', 'message', 'hint', 'path'].includes(key))).toEqual([]);
  expect(error.code).toBe(failureCode);
  expect(error.message.length).toBeGreaterThan(10);
  expect(error.hint.length).toBeGreaterThan(5);
  expect(outcome.stderr).toContain(error.message);
  expect(outcome.stderr).not.toMatch(/^\s+at /m); // no stack in the face
  return error;
}

function folderWith(name: string, make: (folder: string) => void): string {
  const folder = path.join(work, name);
  mkdirSync(folder, { recursive: true });
  make(folder);
  return folder;
}

describe('data that cannot be learned from', () => {
  it.each([
    ['an empty folder', 'data.empty', (_: string) => {}],
    ['one class', 'data.oneClass', (folder: string) => cpSync(path.join(photos, 'dark'), path.join(folder, 'dark'), { recursive: true })],
  ])('is refused, by inspect and by train: %s', async (name, code, make) => {
    const folder = folderWith(name, make);
    for (const outcome of [await run('inspect', folder, '--json'), await train(folder, `${folder}-run`)]) {
      const error = expectFailure(outcome, 3, code);
      expect(`${error.path}${error.message}`).toContain(folder);
    }
    expect(readdirSync(work)).not.toContain(`${name}-run`);
  });

  it('texts by class are looked at, and want a model of texts', async () => {
    const folder = folderWith('texts', (into) => {
      for (const name of ['a', 'b']) {
        mkdirSync(path.join(into, name));
        for (let i = 0; i < 4; i++) writeFileSync(path.join(into, name, `${i}.txt`), `note ${i} of ${name}`);
      }
    });
    const looked = await run('inspect', folder, '--json');
    expect(looked.code).toBe(0);
    expect(JSON.parse(looked.stdout)).toMatchObject({ task: 'text-classification', classes: [{ name: 'a' }, { name: 'b' }] });
    const error = expectFailure(await train(folder, `${folder}-run`), 4, 'model.unsupported');
    expect(error.message).toContain('convnet_small');
    expect(readdirSync(work)).not.toContain('texts-run');
  });

  it('is refused when a class has two photos', async () => {
    const folder = folderWith('two each', (target) => {
      for (const name of ['dark', 'light'])
        for (const file of ['0.png', '1.png']) cpSync(path.join(photos, name, file), path.join(target, name, file));
    });
    const outcome = await train(folder, `${folder}-run`);
    if (outcome.code === 0) {
      // Enough to go on with, but not without a word.
      const data = outcome.lines().find((event) => event.type === 'data');
      expect(data?.type === 'data' && data.problems.map((p) => p.code)).toContain('fewExamples');
    } else expectFailure(outcome, 3, 'data.tooFew');
  });

  it('is refused when it is not there', async () => {
    expect(expectFailure(await run('inspect', 'nowhere', '--json'), 3, 'data.missing').path).toBe(path.join(work, 'nowhere'));
    expectFailure(await train('nowhere', 'nowhere-run'), 3, 'data.missing');
  });
});

describe('bad files among good ones', () => {
  it('are left out and named, and training goes on', async () => {
    const folder = path.join(work, 'mixed');
    cpSync(photos, folder, { recursive: true });
    const jpeg = await sharp({
      create: { width: 200, height: 200, channels: 3, background: 'red', noise: { type: 'gaussian', mean: 120, sigma: 30 } },
    })
      .jpeg()
      .toBuffer();
    writeFileSync(path.join(folder, 'dark/truncated.jpg'), jpeg.subarray(0, jpeg.length / 2));
    writeFileSync(path.join(folder, 'dark/program.png'), Buffer.concat([Buffer.from('MZ\x90\0\x03\0\0\0'), Buffer.alloc(500, 7)]));
    writeFileSync(path.join(folder, 'light/nothing.png'), '');
    writeFileSync(path.join(folder, 'light/bomb.png'), bomb(30_000));
    loop(path.join(folder, 'light'));

    const inspected = await run('inspect', folder, '--json');
    expect(inspected.code, inspected.stderr).toBe(0);
    const { problems } = inspected.json<DataSummary>();
    const files = problems.flatMap((problem) => problem.files);
    for (const name of ['dark/truncated.jpg', 'dark/program.png', 'light/nothing.png', 'light/bomb.png']) expect(files).toContain(name);
    expect(problems.find((p) => p.files.includes('light/bomb.png'))?.code).toBe('tooLarge');

    const trained = await train(folder, path.join(work, 'mixed-run'));
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.lines().at(-1)?.type).toBe('finished');
  });

  it('may have any name', async () => {
    const folder = path.join(work, 'names');
    cpSync(photos, folder, { recursive: true });
    const names = ['a b.png', `it's "so".png`, '<script>alert(1)<', '🚗 车.png', `${'n'.repeat(246)}.png`];
    for (const [i, name] of names.entries())
      cpSync(
        path.join(photos, 'dark', `${i}.png`),
        path.join(folder, 'light', name.includes('<') ? `${name.replaceAll('/', '')}.png` : name),
      );
    const inspected = await run('inspect', folder, '--json');
    expect(inspected.code, inspected.stderr).toBe(0);
    const run1 = path.join(work, 'names-run');
    expect((await train(folder, run1)).lines().at(-1)?.type).toBe('finished');
    const odd = readdirSync(path.join(folder, 'light')).filter((name) => !/^\d+\.png$/.test(name));
    const answers = await run('predict', run1, ...odd.map((name) => path.join(folder, 'light', name)), '--json');
    expect(answers.code, answers.stderr).toBe(0);
    expect(answers.json<unknown[]>()).toHaveLength(names.length);
  });

  it('do not keep predict from answering for the others', async () => {
    const bad = path.join(work, 'bad.jpg');
    writeFileSync(bad, 'no picture');
    const good = path.join(photos, 'dark/0.png');
    const outcome = await run('predict', path.join(work, 'names-run'), good, bad, 'absent.png', good, '--json');
    expect(outcome.code).toBe(3);
    const [first, second, third, fourth] =
      outcome.json<{ input: string; label?: string; error?: Failure; probabilities?: Record<string, number> }[]>();
    expect(first).toEqual(fourth);
    expect(Object.values(first?.probabilities ?? {}).reduce((a, b) => a + b, 0)).toBeCloseTo(1);
    expect(second).toMatchObject({ input: bad, error: { code: 'data.unreadable' } });
    expect(third).toMatchObject({ input: 'absent.png', error: { code: 'data.missing' } });
    expect(outcome.stderr).toContain('bad.jpg');
  });
});

describe('configurations', () => {
  it('are refused with every mistake at once', async () => {
    const config = path.join(work, 'config.json');
    writeFileSync(config, JSON.stringify({ colour: 1, batchSize: 'x', phases: [{ epochs: -1, learningRate: 0.1, rules: [] }] }));
    const error = expectFailure(await run('train', photos, '--config', config, '--seed', 'dice', '--json'), 2, 'config.invalid');
    for (const part of ['colour', 'batchSize', 'phases[0].epochs', '--seed']) expect(error.message).toContain(part);
    expect(error.path).toBe(config);
  });

  it('are refused when they name layers or presets that are not there', async () => {
    expect(
      expectFailure(
        await train(photos, 'no', '--train', 'nothing.**', '--freeze', 'stages.**', '--freeze', 'blokcs.*'),
        2,
        'config.invalid',
      ).message,
    ).toMatch(/--train nothing.*\n.*--freeze blokcs/);
    expect(expectFailure(await train(photos, 'no', '--preset', 'neck'), 2, 'config.invalid').message).toContain('head, top, all');
    expect(expectFailure(await train(photos, 'no', '--freeze', '**'), 2, 'config.invalid').message).toContain('!**');
    expectFailure(await train(photos, 'no', '--model', 'nothing'), 4, 'model.missing');
    expect(readdirSync(work)).not.toContain('no');
  });

  it('that cannot be understood are usage errors', async () => {
    for (const args of [['train', photos, '--speed', '9'], ['dance'], ['inspect'], ['evaluate', 'x', '--split', 'train'], ['export', 'x']])
      expectFailure(await run(...args, '--json'), 2, 'usage');
  });
});

describe('run folders', () => {
  const runFolder = () => path.join(work, 'damaged');
  beforeAll(async () => {
    // Ended early, so that there is something to go on with: the last checkpoint is of epoch 1.
    const outcome = await train(photos, path.join(work, 'whole'));
    expect(outcome.code, outcome.stderr).toBe(0);
  }, 120_000);

  /** The run as a crash in its second epoch would have left it. */
  function crashed(): string {
    const folder = runFolder();
    rmSync(folder, { recursive: true, force: true });
    cpSync(path.join(work, 'whole'), folder, { recursive: true });
    const events = path.join(folder, 'events.ndjson');
    const lines = readFileSync(events, 'utf8').trimEnd().split('\n');
    const end = lines.findIndex((line) => (JSON.parse(line) as RunEvent).type === 'checkpoint');
    writeFileSync(events, `${lines.slice(0, end + 1).join('\n')}\n`);
    const steps = readdirSync(path.join(folder, 'checkpoints'));
    const last = steps.sort((a, b) => Number(a.slice(5)) - Number(b.slice(5))).at(-1) as string;
    if (steps.length > 1) rmSync(path.join(folder, 'checkpoints', last), { recursive: true });
    rmSync(path.join(folder, 'report.json'));
    rmSync(path.join(folder, 'model'), { recursive: true });
    return folder;
  }
  const weights = (folder: string) => readFileSync(path.join(folder, 'model/model.safetensors'));

  it('with a torn last event go on, to the same bytes', async () => {
    const folder = crashed();
    appendFileSync(path.join(folder, 'events.ndjson'), '{"seq":99,"ty');
    const outcome = await run('resume', folder, '--json');
    expect(outcome.code, outcome.stderr).toBe(0);
    const events = outcome.lines();
    expect(events[0]?.type).toBe('resumed');
    expect(events.at(-1)?.type).toBe('finished');
    const written = readFileSync(path.join(folder, 'events.ndjson'), 'utf8').trimEnd().split('\n');
    expect(written.map((line) => (JSON.parse(line) as RunEvent).seq)).toEqual(written.map((_, i) => i + 1));
    expect(weights(folder).equals(weights(path.join(work, 'whole')))).toBe(true);
  });

  it('without a checkpoint begin again, to the same bytes', async () => {
    const folder = crashed();
    rmSync(path.join(folder, 'checkpoints'), { recursive: true });
    const outcome = await run('resume', folder, '--json');
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(weights(folder).equals(weights(path.join(work, 'whole')))).toBe(true);
  });

  it('of a newer version, damaged, or absent are refused and left alone', async () => {
    const folder = crashed();
    const file = path.join(folder, 'run.json');
    const record = JSON.parse(readFileSync(file, 'utf8'));
    for (const command of ['resume', 'evaluate']) {
      writeFileSync(file, JSON.stringify({ ...record, version: 99 }));
      expect(expectFailure(await run(command, folder, '--json'), 2, 'config.newer').path).toBe(file);
      writeFileSync(file, '{"version":1,');
      expect(expectFailure(await run(command, folder, '--json'), 1, 'run.corrupt').path).toBe(file);
      expectFailure(await run(command, photos, '--json'), 1, 'run.missing');
    }
    expect(readdirSync(folder)).not.toContain('process.json');
  });

  it('that hold something are not written over', async () => {
    const outcome = await train(photos, photos);
    expect(expectFailure(outcome, 1, 'run.exists').path).toBe(photos);
  });

  it('that have finished are not resumed', async () => {
    expectFailure(await run('resume', path.join(work, 'whole'), '--json'), 2, 'usage');
  });
});

describe('a learning rate at which the loss becomes NaN', () => {
  it('ends the run with the cause, and keeps the last good checkpoint', async () => {
    const out = path.join(work, 'nan-run');
    const config = path.join(work, 'nan.json');
    const phases = [
      { epochs: 2, learningRate: 0.001, rules: ['**'] },
      { epochs: 50, learningRate: 10, rules: ['**'] },
    ];
    const rest = { optimizer: { name: 'sgd', weightDecay: 100 }, schedule: { name: 'constant', warmup: 0 }, batchSize: 8, imageSize: 32 };
    writeFileSync(config, JSON.stringify({ phases, model: 'convnet_small', augmentation: 'none', ...rest }));
    const outcome = await run('train', photos, '--config', config, '--out', out, '--json');
    expect(outcome.code, outcome.stderr).toBe(4);
    const last = outcome.lines().at(-1);
    const error = last?.type === 'failed' ? last.error : null;
    expect(error?.code).toBe('training.diverged');
    expect(outcome.stderr).toContain(error?.hint);
    const kept = (await (await RunFolder.open(out)).latestCheckpoint())?.path ?? '';
    const tensors = await readSafetensors(path.join(kept, 'model.safetensors'));
    for (const { data } of tensors.values()) expect(data.every(Number.isFinite)).toBe(true);
  });
});

/** A PNG of so many pixels a side, all black: a few MB that would be 2.7 GB decoded. */
function bomb(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8;
  header[9] = 2;
  const row = Buffer.alloc(1 + side * 3);
  const some = deflateSync(Buffer.concat(Array.from({ length: 100 }, () => row)));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', some),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function crc(bytes: Buffer): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return (c ^ 0xffffffff) >>> 0;
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Output } from '../../src/cli/output';
import { programFor } from '../../src/cli/program';
import { draftConfig, settings, type TrainFlags } from '../../src/cli/trainConfig';
import { ThawError } from '../../src/protocol/failure';
import { failureOf } from '../failures';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'thaw-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (content: unknown, name = 'config.json') => {
  const target = path.join(folder, name);
  writeFileSync(target, typeof content === 'string' ? content : JSON.stringify(content));
  return target;
};
const draft = (flags: Partial<TrainFlags>, data: string | undefined = 'photos') => draftConfig(data, { rules: [], ...flags });
describe('what is asked for', () => {
  it('takes "none" for a column that need not be there', async () => {
    const { config } = await draft({ splitColumn: 'none', labelColumn: 'none' });
    expect(config.data.columns).toEqual({ split: '', label: 'none' });
  });

  it('leaves open how adapters are where nobody says it', async () => {
    expect((await draft({ preset: 'lora' })).open.lora).toBe(true);
    expect((await draft({ preset: 'lora', loraRank: '4' })).open.lora).toBe(false);
    expect((await draft({ config: file({ lora: { alpha: 8 } }) })).open.lora).toBe(false);
    expect((await draft({ preset: 'top' })).open.lora).toBe(false);
  });

  it('can all be said in the terminal, of the command that takes it', () => {
    const train = programFor(new Output(false), () => {}).commands.find((command) => command.name() === 'train');
    const flags = train?.options.map(({ long }) => long);
    for (const { flag } of settings) expect(flags).toContain(flag);
  });

  it('gets the defaults of the schema, an absolute path, and is open where the model decides', async () => {
    const { config, open } = await draft({});
    expect(config.data).toMatchObject({ path: path.resolve('photos'), validationSplit: 0.15, testSplit: 0.15 });
    expect(config.phases).toHaveLength(1);
    expect(open).toEqual({ model: true, rules: true, learningRate: true, task: true, labelSmoothing: true, lora: false });
  });

  it('goes where each flag belongs', async () => {
    const { config, open } = await draft({
      model: 'convnet_small',
      epochs: '3',
      learningRate: '0.5',
      batchSize: '8',
      optimizer: 'sgd',
      weightDecay: '0.2',
      schedule: 'constant',
      warmup: '0',
      augment: 'standard',
      labelSmoothing: '0',
      classWeights: 'balanced',
      earlyStopping: '2',
      validationSplit: '0.3',
      testSplit: '0',
      imageSize: '64',
      maxLength: '128',
      longTexts: 'windows',
      seed: '7',
      engine: 'tensorflow',
      threads: '1',
    });
    expect(config).toMatchObject({
      data: { validationSplit: 0.3, testSplit: 0 },
      model: 'convnet_small',
      phases: [{ epochs: 3, learningRate: 0.5 }],
      batchSize: 8,
      optimizer: { name: 'sgd', weightDecay: 0.2, momentum: 0.9 },
      schedule: { name: 'constant', warmup: 0 },
      augmentation: 'standard',
      labelSmoothing: 0,
      classWeights: 'balanced',
      earlyStopping: 2,
      imageSize: 64,
      maxLength: 128,
      longTexts: 'windows',
      seed: 7,
      engine: 'tensorflow',
      threads: 1,
    });
    expect(open).toEqual({ model: false, rules: true, learningRate: false, task: true, labelSmoothing: false, lora: false });
  });

  it('comes from the file, flags before it', async () => {
    const phases = [{ epochs: 5, learningRate: 0.01, rules: ['classifier.**'] }];
    const config = file({ data: { path: 'there', testSplit: 0 }, phases, seed: 3, optimizer: { name: 'sgd', momentum: 0.5 } });
    const fromFile = await draftConfig(undefined, { rules: [], config });
    expect(fromFile.config).toMatchObject({ data: { path: path.resolve('there'), testSplit: 0 }, phases, seed: 3 });
    expect(fromFile.config.optimizer).toMatchObject({ name: 'sgd', momentum: 0.5 });
    expect(fromFile.open).toMatchObject({ rules: false, learningRate: false });
    const flagged = await draft({ config, seed: '4', epochs: '9', weightDecay: '0.3' }, 'here');
    expect(flagged.config).toMatchObject({
      data: { path: path.resolve('here'), testSplit: 0 },
      phases: [{ epochs: 9, learningRate: 0.01, rules: ['classifier.**'] }],
      seed: 4,
    });
    expect(flagged.config.optimizer).toMatchObject({ name: 'sgd', momentum: 0.5, weightDecay: 0.3 });
  });

  it('drops what the file says of an optimizer when another is asked for', async () => {
    const config = file({ optimizer: { name: 'sgd', momentum: 0.5, weightDecay: 0.7 } });
    expect((await draft({ config, optimizer: 'adamw' })).config.optimizer).toMatchObject({ name: 'adamw', weightDecay: 0.01, beta1: 0.9 });
  });
});

describe('mistakes', () => {
  it('of flags and file are told all at once, each by the name that it was given', async () => {
    const config = file({
      colour: 'red',
      batchSize: 'many',
      phases: [{ epochs: -3, learningRate: 0.1, rules: 'x' }],
      schedule: { name: 'sine' },
    });
    const failure = await failureOf(draft({ config, preset: 'none', seed: '-1', threads: 'all', validationSplit: '2' }));
    expect(failure).toMatchObject({ code: 'config.invalid', path: config });
    for (const part of [
      'colour',
      'batchSize',
      'phases[0].epochs',
      '-3',
      'phases[0].rules',
      'schedule.name',
      '--preset',
      'none',
      'head, top, all',
      '--seed',
      '--threads',
      '"all"',
      '--validation-split',
    ])
      expect(failure.message).toContain(part);
    expect(failure.message.split('\n')).toHaveLength(1 + 9);
  });

  it('of a file name that file', async () => {
    expect(await failureOf(draft({ config: path.join(folder, 'none.json') }))).toMatchObject({
      code: 'config.invalid',
      path: path.join(folder, 'none.json'),
    });
    expect(await failureOf(draft({ config: file('{"seed": 1,') }))).toMatchObject({
      code: 'config.invalid',
      path: path.join(folder, 'config.json'),
    });
    expect(await failureOf(draft({ config: file('[1]') }))).toMatchObject({ code: 'config.invalid' });
    expect(await failureOf(draft({ config: file({ version: 99 }) }))).toMatchObject({
      code: 'config.newer',
      path: path.join(folder, 'config.json'),
    });
  });

  it('include flags that a file of several phases cannot take', async () => {
    const phase = { epochs: 1, learningRate: 0.1, rules: ['**'] };
    const config = file({ phases: [phase, phase] });
    expect((await draft({ config })).config.phases).toHaveLength(2);
    for (const flags of [{ epochs: '2' }, { learningRate: '1' }, { preset: 'top' }, { rules: ['a.**'] }])
      expect(await failureOf(draft({ config, ...flags }))).toMatchObject({ code: 'config.invalid' });
  });

  it('include naming no data', async () => {
    expect(await failureOf(draftConfig(undefined, { rules: [] }))).toMatchObject({ code: 'usage' });
  });

  it('are the only thing that a configuration file of any content can lead to', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.json({ maxDepth: 4 }),
        fc.dictionary(fc.constantFrom('data', 'phases', 'optimizer', 'schedule', 'model', 'version'), fc.jsonValue()),
        async (text, keys) => {
          for (const content of [text, keys]) {
            const outcome = await draft({ config: file(content), weightDecay: '0.1', epochs: '2', warmup: '0.2' }).catch((error) => error);
            if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ThawError);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('adapters', () => {
  it('come with the preset, and with whatever says how they are to be', async () => {
    const { config, preset, open } = await draft({ preset: 'lora' });
    expect([config.lora, preset, open.rules]).toEqual([{ rank: 8, alpha: 16, dropout: 0, rslora: false, targets: [] }, 'lora', true]);
    const said = await draft({ loraRank: '4', loraAlpha: '2.5', loraDropout: '0.1', loraRslora: true, loraTargets: ['**.q', '**.k'] });
    expect(said.config.lora).toEqual({ rank: 4, alpha: 2.5, dropout: 0.1, rslora: true, targets: ['**.q', '**.k'] });
    expect(said.preset).toBe('lora');
    expect((await draft({})).config.lora).toBeUndefined();
  });

  it("are a file's, changed by flags, and given up for another preset", async () => {
    const config = file({ lora: { rank: 2 }, phases: [{ epochs: 1, learningRate: 1e-3, rules: ['**.lora_A.*', '**.lora_B.*'] }] });
    const changed = await draft({ config, loraRank: '3' });
    expect([changed.config.lora?.rank, changed.config.phases[0]?.rules, changed.open.rules]).toEqual([
      3,
      ['**.lora_A.*', '**.lora_B.*'],
      false,
    ]);
    expect((await draft({ config, preset: 'head' })).config.lora).toBeUndefined();
  });

  it("leave the model's own dropout to its rate, which is the checkpoint's unless it is said", async () => {
    const rateOf = async (dropout?: string) => (await draft({ ...(dropout && { dropout }) })).config.dropout;
    expect([await rateOf(), await rateOf('model'), await rateOf('0'), await rateOf('0.25')]).toEqual(['model', 'model', 0, 0.25]);
    for (const [wrong, why] of [
      ['1', 'to be <1'],
      ['-0.1', 'to be >=0'],
      ['none', 'expected "model", or a number'],
    ] as const) {
      const { code, message } = await failureOf(draft({ dropout: wrong }));
      expect(code).toBe('config.invalid');
      expect(message).toMatch(new RegExp(`--dropout: .*${why}`));
    }
  });

  it('are refused where they are wrong, or beside another preset', async () => {
    const { code, message } = await failureOf(draft({ loraRank: '0', loraAlpha: '-1', loraDropout: '1', preset: 'lora' }));
    expect(code).toBe('config.invalid');
    for (const flag of ['--lora-rank', '--lora-alpha', '--lora-dropout']) expect(message).toContain(flag);
    expect((await failureOf(draft({ loraRslora: true, preset: 'top' }))).message).toContain('--lora-rslora');
  });
});

import { beforeAll, describe, expect, test } from 'vitest';
import { presetRules, presetsOf } from '../../../src/core/methods';
import { buildModel, type ImageModel } from '../../../src/core/models';
import { tensorsOf } from '../../../src/core/nn';
import { select } from '../../../src/core/training/selection';
import type { ThawError } from '../../../src/protocol/failure';

describe.each(['convnet_small', 'mobilenetv2_035', 'tf_efficientnet_lite0'])('%s', (architecture) => {
  let model: ImageModel;
  beforeAll(() => {
    model = buildModel({ architecture, classes: 3, input: {} });
  });
  const learningNames = (rules: readonly string[]) => [...select(model, rules).learning];

  test('head, top and all are nested, and head is the classifier', () => {
    const [head, top, all] = presetsOf(model).map(({ rules }) => learningNames(rules)) as [string[], string[], string[]];
    expect(head).toEqual([`${model.head}.weight`, `${model.head}.bias`]);
    expect(top.slice(-2)).toEqual(head);
    expect(top.length).toBeGreaterThan(head.length);
    expect(top.length).toBeLessThan(all.length);
    expect(all.slice(-top.length)).toEqual(top);
    expect(all.length).toBe([...tensorsOf(model.root)].filter((t) => !t.statistic).length);
    for (const block of model.blocks.slice(-2)) expect(top.some((name) => name.startsWith(`${block}.`))).toBe(true);
    for (const block of model.blocks.slice(0, -2)) expect(top.some((name) => name.startsWith(`${block}.`))).toBe(false);
  });

  test('the frozen front ends right before the first module that learns', () => {
    expect(select(model, presetRules(model, 'head')).cut).toBe(model.chain.length - 1);
    expect(select(model, ['**']).cut).toBe(0);
    const { cut, learning } = select(model, presetRules(model, 'top'));
    const names = (from: number, to: number) => model.chain.slice(from, to).flatMap((m) => [...tensorsOf(m)].map((t) => t.name));
    expect(names(0, cut).some((name) => learning.has(name))).toBe(false);
    expect(names(cut, cut + 1).some((name) => learning.has(name))).toBe(true);
  });

  test('statistics move where their batch norm learns, and nowhere else', () => {
    expect(select(model, presetRules(model, 'head')).moving.size).toBe(0);
    const statistics = [...tensorsOf(model.root)].filter((t) => t.statistic).map((t) => t.name);
    expect([...select(model, ['**']).moving]).toEqual(statistics);
    const norm = (statistics[0] as string).replace(/\.[^.]+$/, '');
    expect([...select(model, [`${norm}.bias`]).moving].every((name) => name.startsWith(`${norm}.`))).toBe(true);
  });

  test('a misspelt rule is refused with names that are near, and so is a model all frozen', () => {
    const refusal = (rules: string[]): string => {
      try {
        select(model, rules);
      } catch (error) {
        expect((error as ThawError).failure.code).toBe('config.invalid');
        return (error as ThawError).message;
      }
      return '';
    };
    expect(refusal(['clasifier.**', '!blokcs.**'])).toMatch(/"clasifier\.\*\*".*classifier[\s\S]*"blokcs\.\*\*"/);
    expect(refusal([])).not.toBe('');
    expect(refusal(['**', '!**'])).not.toBe('');
  });
});

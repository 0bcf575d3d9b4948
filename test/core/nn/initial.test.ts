import { describe, expect, it } from 'vitest';
import { buildModel } from '../../../src/core/models';
import { BatchNorm, Conv2d, initialTensors, Linear, rooted, Sequential } from '../../../src/core/nn';

const spread = (data: ArrayLike<number>) => {
  const values = Array.from(data);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, deviation: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
};

describe('first values', () => {
  it('depend on seed and name alone', () => {
    const model = buildModel({ architecture: 'convnet_small', classes: 2 }).root;
    const all = initialTensors(model, 7);
    const head = initialTensors(model, 7, (name) => name.startsWith('classifier.'));
    expect([...head.keys()]).toEqual(['classifier.weight', 'classifier.bias']);
    for (const [name, value] of head) expect(all.get(name)).toEqual(value);
    expect(initialTensors(model, 8).get('classifier.weight')).not.toEqual(head.get('classifier.weight'));
    expect(all.get('stages.1.conv2.weight')?.data).not.toEqual(all.get('stages.2.conv1.weight')?.data);
  });

  it('have the spread that their layer asks for', () => {
    const tree = rooted(
      new Sequential([new Conv2d(16, 64, 3), new BatchNorm(64), new Linear(64, 500), new Conv2d(96, 96, 5, { groups: 96 })]),
    );
    const values = initialTensors(tree, 1);
    const get = (name: string) => values.get(name)?.data ?? [];
    expect(spread(get('0.weight')).mean).toBeCloseTo(0, 2);
    expect(spread(get('0.weight')).deviation).toBeCloseTo(Math.sqrt(2 / (9 * 64)), 2);
    expect(spread(get('3.weight')).deviation).toBeCloseTo(Math.sqrt(2 / 25), 1);
    expect(spread(get('2.weight')).deviation).toBeCloseTo(1 / 8 / Math.sqrt(3), 2);
    expect(Math.max(...Array.from(get('2.weight'), Math.abs))).toBeLessThanOrEqual(1 / 8);
    expect(spread(get('1.weight'))).toEqual({ mean: 1, deviation: 0 });
    expect(spread(get('1.running_mean'))).toEqual({ mean: 0, deviation: 0 });
    expect(spread(get('1.running_var'))).toEqual({ mean: 1, deviation: 0 });
  });
});

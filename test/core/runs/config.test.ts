import { expect, test } from 'vitest';
import { parseRunConfig } from '../../../src/core/runs';
import { ThawError } from '../../../src/protocol/failure';
import { sampleConfig } from './sample';

test('all mistakes are named at once, with their places', () => {
  try {
    parseRunConfig({ data: { path: 3 }, phases: [{ epochs: -1, learningRate: 'x', rules: [] }], wat: 1, seed: -2 }, '/c.json');
    expect.unreachable();
  } catch (error) {
    const { failure } = error as ThawError;
    expect(failure.code).toBe('config.invalid');
    expect(failure.path).toBe('/c.json');
    for (const place of ['data.path', 'phases[0].epochs', 'phases[0].learningRate', 'wat', 'seed'])
      expect(failure.message).toContain(place);
  }
});

test('a newer format is refused as such, though it has keys unknown here', () => {
  expect(() => parseRunConfig({ version: 99, novel: true })).toThrow(
    expect.objectContaining({ failure: expect.objectContaining({ code: 'config.newer' }) }),
  );
});

test('splits that leave nothing to learn from are refused', () => {
  expect(() => parseRunConfig({ ...sampleConfig, data: { path: '/x', validationSplit: 0.6, testSplit: 0.5 } })).toThrow(ThawError);
});

test('what is left out is filled in, and parsing again changes nothing', () => {
  expect(sampleConfig.batchSize).toBe(16);
  expect(parseRunConfig(sampleConfig)).toEqual(sampleConfig);
});

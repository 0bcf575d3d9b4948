import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/core/runs';
import { Format } from '../../src/host/format';
import { type LayerRow, layerRows } from '../../src/host/layerRows';
import { modelTitle } from '../../src/host/modelTitle';
import { comparison, finishedText, progressOf, runDescription, runGroups, trainingText } from '../../src/host/runRows';
import { RunSession } from '../../src/host/runSession';
import type { RunEventBody } from '../../src/protocol/events';
import type { Report } from '../../src/protocol/report';
import { config, numbered, runFolder, step, tree } from './fakes';

const format = new Format('en');
const summary = (part: Partial<RunSummary> = {}): RunSummary => ({
  path: '/runs/a',
  id: 'a',
  created: new Date(Date.now() - 2 * 3600_000).toISOString(),
  dataPath: '/data/vehicles',
  dataName: 'vehicles',
  model: 'efficientnet_lite0',
  state: 'finished',
  accuracy: 0.9483,
  figure: { measure: 'accuracy', accuracy: 0.9483 },
  epoch: 3,
  epochs: 12,
  seconds: 10,
  ...part,
});

const report: Report = {
  test: null,
  validation: null,
  parameters: 1,
  trainableParameters: 1,
  best: { epoch: 1, step: 1 },
  timings: { total: 1, prepare: 0, train: 1, evaluate: 0 },
  peakMemoryBytes: 1,
  frozen: { count: 0, identical: true },
};

describe('rows of the Layers view', () => {
  const labels = (rows: LayerRow[]): unknown[] => rows.map((row) => (row.children.length ? [row.label, labels(row.children)] : row.label));

  it('folds chains into one row, and leaves out what has nothing to freeze', () =>
    expect(labels(layerRows(tree))).toEqual(['stem', ['blocks.0', ['conv', 'bn']], ['blocks.1', ['1.0', '1.1']], 'classifier']));

  it('toggles the outer end of a chain', () => expect(layerRows(tree)[1]?.node.name).toBe('blocks.0'));
});

describe('rows of the Runs view', () => {
  it('groups by data set, in the order given', () => {
    const groups = runGroups(
      [summary(), summary({ path: '/runs/b', dataPath: '/data/ants', dataName: 'ants' }), summary({ path: '/runs/c' })],
      () => undefined,
    );
    expect(groups.map((group) => [group.name, group.runs.map((run) => run.summary.path)])).toEqual([
      ['vehicles', ['/runs/a', '/runs/c']],
      ['ants', ['/runs/b']],
    ]);
  });

  it.each([
    [{}, '94.8 % · 2 h'],
    [{ state: 'training' as const }, '94.8 % · epoch 3 of 12'],
    [{ state: 'preparing' as const, figure: null }, 'preparing'],
    [{ state: 'paused' as const }, '94.8 % · paused · 2 h'],
    [{ state: 'failed' as const }, 'failed · 2 h'],
    [{ figure: { measure: 'perplexity' as const, perplexity: 14.049 } }, 'perplexity 14.05 · 2 h'],
    [{ figure: { measure: 'written' as const, exactMatch: 0.5, rougeL: 0.754 } }, 'ROUGE-L 75.4 %, exact match 50.0 % · 2 h'],
    [{ state: 'ended' as const, figure: null }, 'interrupted · 2 h'],
  ])('%j reads %s', (part, text) => expect(runDescription(summary(part), format)).toBe(text));

  it('shows what a session knows rather than what was on disk', async () => {
    const validation = { loss: 1, accuracy: 0.75 };
    const events = numbered([
      { type: 'started', run: '', config },
      step(1),
      { type: 'epoch', epoch: 1, step: 1, seconds: 1, train: validation, validation },
      step(2, 2),
    ]);
    const session = await RunSession.open(runFolder(events));
    expect(progressOf(session)).toEqual({ epoch: 2, figure: { measure: 'accuracy', accuracy: 0.75 } });
    const [group] = runGroups([summary({ state: 'training', epoch: 1, figure: null })], () => session);
    expect(group?.runs[0]?.summary).toMatchObject({
      state: 'ended',
      epoch: 2,
      figure: { measure: 'accuracy', accuracy: 0.75 },
    });
    const table = comparison([session], format).split('\n');
    expect(table).toHaveLength(3);
    expect(new Set(table.map((line) => line.split(' | ').length)).size).toBe(1);
    expect(table[2]).toContain('75.0 %');
    expect(table[0]).toContain('Accuracy');
    session.dispose();
  });

  it('knows a model that writes by its perplexity, then by what it wrote', async () => {
    const validation = { loss: Math.log(14.05), accuracy: 0.31 };
    const epoch = { type: 'epoch' as const, epoch: 1, step: 1, seconds: 1, train: validation, validation };
    const open = (bodies: RunEventBody[]) => RunSession.open(runFolder(numbered(bodies), undefined, 'text-to-text'));
    const started = { type: 'started' as const, run: '', config };
    const learning = await open([started, step(1), epoch]);
    const written = { count: 9, exactMatch: 0.25, rougeL: 0.5, chrF: 0.4 };
    const test = { ...validation, perplexity: 14.05, tokens: 90, written };
    const finished = await open([started, step(1), epoch, { type: 'finished', run: '', report: { ...report, test } }]);
    const table = comparison([learning, finished], format).split('\n');
    expect(table[0]).toContain('Result');
    expect(table[2]).toContain('perplexity 14.05');
    expect(table[3]).toContain('ROUGE-L 50.0 %, exact match 25.0 %');
    expect(trainingText(learning, format)).toBe('vehicles: epoch 1 of 3 · perplexity 14.05');
    expect(finishedText(finished, { ...report, test }, format)).toBe(
      '“vehicles” has finished training: ROUGE-L 50.0 %, exact match 25.0 % on the test set.',
    );
    expect(finishedText(finished, { ...report, validation: { ...validation, perplexity: 14.05, tokens: 9 } }, format)).toBe(
      '“vehicles” has finished training: perplexity 14.05 on the validation set.',
    );
    for (const session of [learning, finished]) session.dispose();
  });
});

describe('words and figures', () => {
  it.each([
    ['efficientnet_lite0', 'EfficientNet-Lite0'],
    ['mobilenetv2_035', 'MobileNetV2 0.35'],
    ['/runs/vehicles-1', 'vehicles-1'],
    ['something_else', 'something_else'],
  ])('model %s is %s', (id, title) => expect(modelTitle(id)).toBe(title));

  it.each([
    [0, 'now'],
    [59 * 60_000, '59 min'],
    [23.9 * 3600_000, '23 h'],
    [13 * 86400_000, '13 d'],
    [21 * 86400_000, '3 w'],
  ])('%d ms ago is %s', (ago, text) => expect(format.age(1e12 - ago, 1e12)).toBe(text));
});

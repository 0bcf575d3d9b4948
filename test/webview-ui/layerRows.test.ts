import { expect, test } from 'vitest';
import { withRules } from '../../src/protocol/layerTree';
import { efficientNetLite0 } from '../../webview-ui/gallery/world';
import { changes, layerRows, rowFor, visibleRows } from '../../webview-ui/logic/layerRows';

const root = efficientNetLite0();
const rows = layerRows(root);

test('the made-up tree is EfficientNet-Lite0', () => {
  expect(root.parameters).toBe(3_373_570);
});

test('a container of numbered parts gives way to them, and a chain of only children is one row', () => {
  expect(rows.map((row) => row.path)).toEqual([
    'conv_stem',
    'bn1',
    ...[0, 1, 2, 3, 4, 5, 6].map((i) => `blocks.${i}`),
    'conv_head',
    'bn2',
    'classifier',
  ]);
  const six = rows.find((row) => row.path === 'blocks.6')!;
  expect(six).toMatchObject({ label: 'blocks.6', type: 'InvertedResidual', shape: '7×7×320' });
  expect(six.children.map((row) => row.label)).toEqual(['conv_pw', 'bn1', 'conv_dw', 'bn2', 'conv_pwl', 'bn3']);
  expect(six.children[2]).toMatchObject({ path: 'blocks.6.0.conv_dw', type: 'Depthwise 3×3' });
});

test('numbered parts keep the number of their stage', () => {
  const five = rows.find((row) => row.path === 'blocks.5')!;
  expect(five.parts).toBe(4);
  expect(five.children.map((row) => row.label)).toEqual(['5.0', '5.1', '5.2', '5.3']);
  expect(five.children[3]!.children[0]!.label).toBe('conv_pw');
});

test('every parameter is under exactly one top row', () => {
  expect(rows.reduce((sum, row) => sum + row.node.parameters, 0)).toBe(root.parameters);
});

test('only what is open shows; a filter shows matches and all above them', () => {
  expect(visibleRows(rows, new Set(), '')).toHaveLength(rows.length);
  const opened = visibleRows(rows, new Set(['blocks.5', 'blocks.5.3']), '').map((row) => row.path);
  expect(opened).toContain('blocks.5.3.conv_dw');
  expect(opened).not.toContain('blocks.5.2.conv_dw');
  const filtered = visibleRows(rows, new Set(), 'conv_dw');
  expect(filtered.filter((row) => row.path.endsWith('conv_dw'))).toHaveLength(16);
  for (const row of filtered) expect(row.path.endsWith('conv_dw') || row.children.length > 0).toBe(true);
  expect(visibleRows(rows, new Set(), 'nothing')).toEqual([]);
});

test('any parameter finds the row that stands for it', () => {
  expect(rowFor(rows, 'blocks.6')?.path).toBe('blocks.6');
  expect(rowFor(rows, 'blocks.6.0')?.path).toBe('blocks.6');
  expect(rowFor(rows, 'blocks.6.0.conv_pw.weight')?.path).toBe('blocks.6.0.conv_pw');
  expect(rowFor(rows, 'blocks.5.3.bn2')?.path).toBe('blocks.5.3.bn2');
  expect(rowFor(rows, 'nowhere')).toBeNull();
});

test('a change is named by the topmost rows that changed as a whole', () => {
  const under = (...rules: string[]) => layerRows(withRules(root, rules));
  expect(changes(under('classifier.**'), under('classifier.**', 'blocks.6.**'))).toEqual([{ path: 'blocks.6', on: true }]);
  expect(changes(under('**'), under('**', '!blocks.5.3.**'))).toEqual([{ path: 'blocks.5.3', on: false }]);
  expect(changes(under('**'), under('**'))).toEqual([]);
});

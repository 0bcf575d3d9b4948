import { expect, it } from 'vitest';
import { doctorText } from '../../src/host/doctor';
import { doctorSchema } from '../../src/protocol/assistant';

const machine = { node: '20.20.2', platform: 'linux-x64', threads: 2, memory: 8 * 1024 ** 3, folders: { models: '/m', runs: '/r' } };

it('tells each engine and device in a row of its own, with its speed or why it is not there', () => {
  const found = doctorSchema.parse({
    ...machine,
    engines: [
      {
        name: 'onnx',
        available: true,
        version: '1.30.0',
        stepMilliseconds: 6.5123,
        devices: [
          { name: 'cpu', available: true, stepMilliseconds: 6.5123 },
          { name: 'cuda', available: false, reason: 'no | driver\nat all' },
        ],
      },
      { name: 'tensorflow', available: false, version: '', reason: 'TensorFlow is not installed.' },
    ],
  });
  const rows = doctorText(found, ['/a/runs']).split('\n');
  expect(rows).toContain('| Engine onnx | 1.30.0, 6.5 ms a step |');
  expect(rows).toContain('| Device cpu | 6.5 ms a step |');
  expect(rows).toContain('| Device cuda | not available: no \\| driver at all |');
  expect(rows).toContain('| Engine tensorflow | not available: TensorFlow is not installed. |');
  expect(rows).toContain('| Folder runs | `/a/runs` |');
});

it('still tells what an older assistant found out', () => {
  const found = doctorSchema.parse({ ...machine, engines: [{ name: 'onnx', available: true, version: '1.30.0' }] });
  expect(doctorText(found, [])).toContain('| Engine onnx | 1.30.0 |');
});

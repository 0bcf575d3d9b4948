import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/protocol/events';
import { bundled, environment, pictures, temporary, thaw } from './thaw';

const installed = existsSync(path.resolve(__dirname, '../../.tensorflow'));

describe.skipIf(!installed)('thaw train --engine tensorflow', () => {
  let bundles: string;
  let work: string;
  const args = (engine: string, run: string) => [
    ...['train', 'photos', '--engine', engine, '--out', run, '--model', 'convnet_small', '--image-size', '32'],
    ...['--batch-size', '8', '--epochs', '6', '--optimizer', 'sgd', '--learning-rate', '0.01', '--seed', '5', '--json'],
  ];
  const weights = (run: string) => readFileSync(path.join(work, run, 'model/model.safetensors'));
  const losses = (events: RunEvent[]) => events.filter((event) => event.type === 'epoch').map((event) => event.train.loss);

  beforeAll(async () => {
    bundles = await bundled();
    work = temporary();
    await pictures(path.join(work, 'photos'), 16);
  }, 120_000);

  it('follows the onnx engine, and goes on after a kill to the same bytes', async () => {
    const [onnx, whole] = [await thaw(bundles, work, args('onnx', 'onnx')), await thaw(bundles, work, args('tensorflow', 'whole'))];
    expect(onnx.code, onnx.stderr).toBe(0);
    expect(whole.code, whole.stderr).toBe(0);
    expect(whole.stderr).not.toMatch(/oneDNN|WARNING|tfjs|Platform/);
    const [ours, theirs] = [losses(whole.lines()), losses(onnx.lines())];
    expect(ours).toHaveLength(6);
    ours.forEach((loss, epoch) => {
      expect(loss).toBeCloseTo(theirs[epoch] as number, 3);
    });

    const child = spawn(process.execPath, [path.join(bundles, 'cli.js'), ...args('tensorflow', 'killed')], {
      cwd: work,
      env: environment(),
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const exit = once(child, 'exit');
    for await (const chunk of child.stdout) if (String(chunk).includes('"checkpoint"')) break;
    child.kill('SIGKILL');
    await exit;
    expect((await thaw(bundles, work, ['resume', 'killed', '--json'])).code).toBe(0);
    expect(weights('killed').equals(weights('whole'))).toBe(true);
  });

  it('is what doctor names', async () => {
    const { stdout } = await thaw(bundles, work, ['doctor']);
    expect(stdout).toMatch(/engine tensorflow +\d+\.\d+\.\d+ \(TensorFlow 2\.\d+/);
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Failure } from '../../src/protocol/failure';
import { generatedSchema } from '../../src/protocol/generation';
import { writingFolder } from '../core/generation/folder';
import { bundled, environment, temporary, thaw } from './thaw';

let bundles: string;
let model: string;
const work = temporary();
beforeAll(async () => {
  bundles = await bundled();
  model = await writingFolder(path.join(work, 'writer'));
}, 60_000);

const generate = (...args: string[]) => thaw(bundles, work, ['generate', model, '--prompt', 'The cat', '--max-new-tokens', '40', ...args]);

it('writes to stdout what --json says in one document', async () => {
  const [plain, json] = [await generate(), await generate('--json')];
  expect(plain.code, plain.stderr).toBe(0);
  const { text, ...rest } = generatedSchema.parse(json.json());
  expect(plain.stdout).toBe(`${text}\n`);
  expect(rest).toMatchObject({ prompt: 'The cat', tokens: 40, finish: 'length' });
  expect(plain.stderr).toContain('40 tokens');
});

it('draws the same text from the same seed, and searches', async () => {
  const drawn = ['--temperature', '1', '--top-k', '20', '--json'];
  const textOf = async (...args: string[]) => generatedSchema.parse((await generate(...args)).json()).text;
  expect(await textOf(...drawn, '--seed', '1')).toBe(await textOf(...drawn, '--seed', '1'));
  expect(await textOf(...drawn, '--seed', '2')).not.toBe(await textOf(...drawn, '--seed', '1'));
  expect(await textOf('--beams', '3', '--json')).not.toBe('');
});

it('ends before each of several stop texts', async () => {
  const { text } = generatedSchema.parse((await generate('--json')).json());
  const stops = [text.slice(12, 16), text.slice(6, 10)];
  const cut = generatedSchema.parse((await generate('--json', ...stops.flatMap((stop) => ['--stop', stop]))).json());
  expect(cut.finish).toBe('stop');
  for (const stop of stops) expect(cut.text).not.toContain(stop);
});

it('ends in order at Ctrl+C', async () => {
  const args = ['generate', model, '--prompt', 'The cat', '--max-new-tokens', '190'];
  const child = spawn(process.execPath, [path.join(bundles, 'cli.js'), ...args], { cwd: work, env: environment(), stdio: 'pipe' });
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  expect((await once(child, 'close'))[0]).toBe(130);
});

it.each([
  ['an empty prompt', ['--prompt', ''], 2, 'usage'],
  ['a prompt beyond the positions', ['--prompt', 'a '.repeat(500)], 2, 'usage'],
  ['a number that is none', ['--temperature', 'hot'], 2, 'usage'],
  ['an impossible share', ['--top-p', '2'], 2, 'usage'],
] as [string, string[], number, Failure['code']][])('%s ends with its own exit code', async (_, args, code, failure) => {
  const outcome = await generate('--json', ...args);
  expect(outcome.code, outcome.stderr).toBe(code);
  const { error } = outcome.json<{ error: Failure }>();
  expect(error.code).toBe(failure);
  expect(error.hint).not.toBe('');
});

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const wrong: [file: string, source: string][] = [
  ['src/protocol/a.ts', '../core/random'],
  ['src/protocol/a.ts', 'node:fs'],
  ['src/core/runs/a.ts', '../engine'],
  ['src/core/random.ts', 'vscode'],
  ['src/core/engine/ops/a.ts', '../../training/loop'],
  ['src/core/nn/a.ts', '../models'],
  ['src/core/data/a.ts', '../training'],
  ['src/core/text/a.ts', '../data'],
  ['src/core/text/a.ts', '../engine'],
  ['src/core/text/a.ts', 'sharp'],
  ['src/core/generation/a.ts', '../data'],
  ['src/core/generation/a.ts', '../training'],
  ['src/core/weights/a.ts', '../generation'],
  ['src/core/training/a.ts', '../methods/presets'],
  ['src/core/methods/a.ts', '../../host/panel'],
  ['src/host/a.ts', '../core/training'],
  ['src/extension.ts', './core/data/decode'],
  ['src/host/a.ts', 'sharp'],
  ['src/trainer/a.ts', 'vscode'],
  ['src/cli/a.ts', '../host/settings'],
  ['webview-ui/a.ts', '../src/core/runs'],
  ['webview-ui/a.ts', 'node:path'],
];
const right: [file: string, source: string][] = [
  ['src/protocol/a.ts', './events'],
  ['src/core/runs/a.ts', '../../protocol/events'],
  ['src/core/runs/a.ts', '../../protocol/trainer'],
  ['src/core/engine/a.ts', '../../protocol/data'],
  ['src/core/text/a.ts', '../random'],
  ['src/core/text/a.ts', '../../protocol/failure'],
  ['src/core/text/a.ts', '@huggingface/tokenizers'],
  ['src/core/data/text/a.ts', '../../text'],
  ['src/core/text/a.ts', '../../protocol/generation'],
  ['src/core/generation/a.ts', '../weights'],
  ['src/core/training/a.ts', '../generation'],
  ['src/core/training/a.ts', '../data'],
  ['src/core/methods/a.ts', '../training'],
  ['src/host/a.ts', '../core/runs'],
  ['src/host/a.ts', 'vscode'],
  ['src/cli/a.ts', '../core/training'],
  ['webview-ui/a.ts', '../src/protocol/panel'],
];

const folder = mkdtempSync(path.join(os.tmpdir(), 'thaw-layers-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Lints a tree that has one file for each import; which of them were refused, as their index. */
function refused(imports: [file: string, source: string][]): Set<number> {
  const root = path.join(folder, String(imports.length));
  imports.forEach(([file, source], i) => {
    const target = path.join(root, path.dirname(file), ...(path.basename(file) === 'a.ts' ? [`import${i}.ts`] : [path.basename(file)]));
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, `import { something } from '${source}'; // import${i}.\nconsole.log(something);\n`);
  });
  copyFileSync('biome.layers.json', path.join(root, 'biome.json'));
  const biome = path.join(path.dirname(createRequire(import.meta.url).resolve('@biomejs/biome/package.json')), 'bin/biome');
  const args = [biome, 'lint', '--only=style/noRestrictedImports', '--max-diagnostics=none', root];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  return new Set([...`${stdout}${stderr}`.matchAll(/> 1 │.*\/\/ import(\d+)\./g)].map((match) => Number(match[1])));
}

describe('imports go down only', () => {
  const wrongOnes = refused(wrong);
  const rightOnes = refused(right);
  it.each(wrong.map((pair, i) => [...pair, i] as const))('%s may not import %s', (_file, _source, i) => expect(wrongOnes).toContain(i));
  it.each(right.map((pair, i) => [...pair, i] as const))('%s may import %s', (_file, _source, i) => expect(rightOnes).not.toContain(i));
});

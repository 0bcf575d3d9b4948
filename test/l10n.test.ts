import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('every string for people is there in every language that ships', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/l10n.mjs'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(Number(/^(\d+) strings/.exec(stdout)?.[1])).toBeGreaterThan(300);
});

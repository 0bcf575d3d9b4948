import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** The newest package for this platform. */
export function packedExtension(): string {
  const names = readdirSync('dist').filter(
    (name) => name.startsWith(`thaw-${process.platform}-${process.arch}-`) && name.endsWith('.vsix'),
  );
  const newest = names.map((name) => path.resolve('dist', name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (!newest) throw new Error('There is no package yet: `npm run package`.');
  return newest;
}

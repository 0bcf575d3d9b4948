// Installs the dependencies where they are missing or older than the lock file. Needs nothing but Node and npm.
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { heading, npm, root } from './steps.mjs';

/** npm writes this file at the end of an install. */
const installed = path.join(root, 'node_modules/.package-lock.json');
const lock = path.join(root, 'package-lock.json');

export async function setup() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) throw new Error(`Thaw needs Node 20.19 or newer; this is ${process.versions.node}.`);
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  heading('Installing dependencies');
  await npm(['ci', '--no-audit', '--no-fund']);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await setup();

import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as z from 'zod';
import { CacheFile, cacheFolder } from '../cacheFile';

/**
 * Main file of the native package. A library of which a part is missing takes the process along that loads it: files that
 * have not been loaded before are tried in a process of their own.
 * @throws Error with the system's words
 */
export async function soundNative(known = new CacheFile(path.join(cacheFolder(), 'natives.json'), z.string())): Promise<string> {
  const file = createRequire(__filename).resolve('onnxruntime-node');
  const state = await stateOf(path.join(path.dirname(file), '../bin/napi-v6', process.platform, process.arch));
  if ((await known.get(file)) === state) return file;
  await tryToLoad(file);
  await known.set(file, state);
  return file;
}

/** Names, sizes and dates of a folder's files. */
async function stateOf(folder: string): Promise<string> {
  const names = (await readdir(folder)).sort();
  const facts = await Promise.all(names.map((name) => stat(path.join(folder, name))));
  return facts.map(({ size, mtimeMs }, i) => `${names[i]} ${size} ${mtimeMs}`).join(', ');
}

function tryToLoad(file: string): Promise<void> {
  const options = { env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' }, timeout: 60_000, windowsHide: true };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['-e', 'require(process.argv[1])', file], options, (error, _, stderr) => {
      if (!error) return resolve();
      const said = /^\w*Error: (.+)$/m.exec(stderr)?.[1];
      reject(new Error(said ?? `${path.basename(file)}: ${error.signal ?? error.code ?? error.message}`));
    });
  });
}

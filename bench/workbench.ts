import { cpSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { packedExtension } from '../test/workbench/packed';
import { until } from '../test/workbench/until';
import { Window } from '../test/workbench/window';
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

/** Both times are taken inside the pages, at a frame: asking them from here would add up to half a second. */
async function firstThumbnails(window: Window): Promise<number> {
  const tab = `document.querySelector('.tabs-container [role=tab][aria-label*="photos"]')`;
  const thumbnail = `[...document.images].find((image) => image.src.startsWith('blob:') && image.complete && image.naturalWidth > 0)`;
  await window.page.evaluate(firstTime(tab));
  await window.fineTune('photos');
  const drawn = await until(
    'a thumbnail is drawn',
    () => {
      const insides = window.page.frames().filter((frame) => frame.parentFrame()?.parentFrame());
      // A frame that is replaced while the tab is being built never answers.
      const gaveUp = new Promise<number>((resolve) => setTimeout(() => resolve(0), 200));
      return Promise.race([gaveUp, ...insides.map((frame) => frame.evaluate<number>(firstTime(thumbnail)).catch(() => gaveUp))]);
    },
    60_000,
  );
  return (drawn - (await window.page.evaluate<number>(firstTime(tab)))) / 1000;
}

/** A program for a page: the time of the first frame in which an expression gives something, since this was first asked; else 0. */
function firstTime(expression: string): string {
  return `(() => {
    const look = () => {
      globalThis.lookedAt = Date.now();
      if (${expression}) globalThis.firstTime = Date.now();
      else requestAnimationFrame(look);
    };
    // A page that is written anew forgets its frames, but not its globals.
    if (!globalThis.firstTime && !(Date.now() - globalThis.lookedAt < 300)) look();
    return globalThis.firstTime ?? 0;
  })()`;
}

async function delayWhileTraining(window: Window, world: World): Promise<number> {
  await fineTune(window, 'vehicles');
  await window.tab.getByRole('radio', { name: 'Top blocks' }).click();
  await until('it can start', () => window.tab.getByRole('button', { name: 'Start training' }).isEnabled(), 60_000);
  await window.tab.getByRole('button', { name: 'Start training' }).click();
  const end = await until('the run has ended', () => world.records().find((record) => record.state === 'finished'), 300_000);
  return Number(end.eventLoopDelayP99);
}

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packedExtension } from '../test/workbench/packed';
import { until } from '../test/workbench/until';
import { isDrawn, Window } from '../test/workbench/window';
import { World } from '../test/workbench/world';

/** A second extension in the same extension host: it measures how late the event loop's timers are. */
const probe = {
  manifest: { name: 'probe', publisher: 'bench', version: '0.0.1', engines: { vscode: '*' }, main: './probe.js', activationEvents: ['*'] },
  code: (out: string, on: string) => `
    const { monitorEventLoopDelay } = require('node:perf_hooks');
    const { existsSync, writeFileSync } = require('node:fs');
    exports.activate = () => {
      const histogram = monitorEventLoopDelay({ resolution: 1 });
      let measuring = false;
      setInterval(() => {
        if (!existsSync(${JSON.stringify(on)})) return;
        if (!measuring) { measuring = true; histogram.enable(); return; }
        writeFileSync(${JSON.stringify(out)}, JSON.stringify({ p99: histogram.percentile(99) / 1e6, max: histogram.max / 1e6 }));
      }, 250);
    };`,
};

/**
 * @param photos a folder of 10,000 photos
 * @returns seconds from the command to the first drawn thumbnail, and the 99th percentile of the host's event-loop delay in
 * milliseconds while a run is shown.
 */
export default async function measure(photos: string): Promise<{ thumbnails: number; delay: number }> {
  const scratch = path.resolve('test/.cache/bench');
  mkdirSync(scratch, { recursive: true });
  const [out, on] = [path.join(scratch, `delay-${process.pid}.json`), path.join(scratch, `on-${process.pid}`)];
  const world = await World.start({
    vsix: packedExtension(),
    fill: (folder) => {
      symlinkSync(photos, path.join(folder, 'photos'));
      cpSync('samples/vehicles', path.join(folder, 'vehicles'), { recursive: true });
      const extension = path.join(folder, '../extensions/bench.probe-0.0.1');
      mkdirSync(extension, { recursive: true });
      writeFileSync(path.join(extension, 'package.json'), JSON.stringify(probe.manifest));
      writeFileSync(path.join(extension, 'probe.js'), probe.code(out, on));
    },
  });
  try {
    const window = new Window(await world.open());
    await window.ready();
    return { thumbnails: await firstThumbnails(window), delay: await delayWhileTraining(window, out, on) };
  } finally {
    await world.close();
  }
}

async function fineTune(window: Window, folder: string): Promise<void> {
  await window.contextMenu(window.folder(folder), 'Fine-Tune a Model on This Folder');
}

async function firstThumbnails(window: Window): Promise<number> {
  await fineTune(window, 'photos');
  const start = performance.now();
  await window.page.getByRole('tab', { name: 'photos' }).waitFor();
  await until('a thumbnail is drawn', () => isDrawn(window.tab.locator('img')), 60_000);
  return (performance.now() - start) / 1000;
}

async function delayWhileTraining(window: Window, out: string, on: string): Promise<number> {
  await fineTune(window, 'vehicles');
  await window.page.getByRole('tab', { name: 'vehicles' }).waitFor();
  await window.tab.getByRole('radio', { name: 'Top blocks' }).click();
  await until('it can start', () => window.tab.getByRole('button', { name: 'Start training' }).isEnabled(), 60_000);
  await window.tab.getByRole('button', { name: 'Start training' }).click();
  await window.tab.getByRole('button', { name: 'Pause' }).waitFor({ timeout: 60_000 });
  writeFileSync(on, '');
  await window.page.waitForTimeout(15_000);
  return (JSON.parse(readFileSync(out, 'utf8')) as { p99: number }).p99;
}

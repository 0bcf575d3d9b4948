import { cpSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { packedExtension } from './packed';
import { until } from './until';
import { isDrawn, Window } from './window';
import { World } from './world';

/** Takes the picture in the README: a run on the samples with a layer frozen in mid-run. */
export default async function readmePicture(file: string): Promise<void> {
  const world = await World.start({
    vsix: packedExtension(),
    fill: (folder) => cpSync('samples/vehicles', path.join(folder, 'vehicles'), { recursive: true }),
  });
  try {
    const page = await world.open();
    await page.setViewportSize({ width: 1640, height: 1010 });
    const window = new Window(page);
    await window.ready();
    await window.fineTune('vehicles');
    await until('pictures are drawn', () => isDrawn(window.tab.locator('img')));
    await window.activity('Thaw').click();
    await window.tab.getByRole('radio', { name: 'Top blocks' }).click();
    await window.tab.getByRole('textbox', { name: 'Epochs' }).fill('20');
    await window.tab.getByRole('textbox', { name: 'Epochs' }).press('Enter');
    await until('it can start', () => window.tab.getByRole('button', { name: 'Start training' }).isEnabled());
    await window.tab.getByRole('button', { name: 'Start training' }).click();
    const epoch = (n: number) =>
      window.tab
        .getByRole('cell', { name: String(n), exact: true })
        .first()
        .waitFor({ timeout: 120_000 });
    await epoch(5);
    await window.tab.getByRole('treeitem', { name: 'conv_head', exact: true }).getByRole('checkbox').click();
    await window.tab.getByRole('region', { name: 'Data' }).getByRole('button', { name: 'Data', exact: true }).click();
    await epoch(9);
    await page.mouse.move(0, 0);
    await sharp(await page.screenshot())
      .png({ palette: true, effort: 10 })
      .toFile(path.resolve(file));
  } finally {
    await world.close();
  }
}

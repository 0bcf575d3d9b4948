import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { until } from './until';

/** Where pictures of the workbench go. */
export const pictures = path.resolve('test/.cache/workbench');

/** A VS Code window, by what a person does in it. */
export class Window {
  constructor(readonly page: Page) {}

  /** Waits until the folder is listed and the extension's contributions are read. */
  async ready(): Promise<void> {
    const timeout = 60_000; // a window opens in seconds, and on a busy machine in many of them
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor({ timeout });
    await this.page.locator('.activitybar').getByRole('tab', { name: 'Thaw' }).waitFor({ timeout });
  }

  folder(name: string): Locator {
    return this.page.locator('.explorer-folders-view').getByRole('treeitem', { name, exact: true });
  }

  activity(name: string): Locator {
    return this.page.locator('.activitybar').getByRole('tab', { name });
  }

  /** The inside of the visible webview. */
  get tab(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready:visible').frameLocator('iframe#active-frame');
  }

  /** A row of a native tree view. */
  treeRow(text: string | RegExp): Locator {
    return this.page.locator('.pane-body .monaco-list-row', { hasText: text });
  }

  /** Right-clicks a folder and opens its tab. */
  async fineTune(folder: string, item: string | RegExp = 'Fine-Tune a Model on This Folder'): Promise<void> {
    // Whatever moves the layout (the banner of an untrusted workspace, say) closes a menu, and the click with it.
    await until(`the tab of ${folder} opens`, async () => {
      await this.contextMenu(this.folder(folder), item);
      return this.page
        .locator('.tabs-container')
        .getByRole('tab', { name: folder })
        .waitFor({ timeout: 5000 })
        .then(
          () => true,
          () => false,
        );
    });
  }

  async contextMenu(target: Locator, item: string | RegExp): Promise<void> {
    const entry = this.page.getByRole('menuitem', { name: item });
    await target.click({ button: 'right' });
    await entry.waitFor();
    // A menu ignores clicks in its first 100 ms (the right button's release might be one) and may then swallow later ones.
    await until(`the menu closes after ${item}`, async () => {
      await this.page.waitForTimeout(250);
      await entry.click({ timeout: 2000 }).catch(() => undefined);
      return entry.waitFor({ state: 'hidden', timeout: 1500 }).then(
        () => true,
        () => false,
      );
    });
  }

  /** By the command palette; works with the focus inside a webview, too. */
  async command(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const quickInput = this.page.locator('.quick-input-widget');
    await quickInput.locator('input').first().fill(`>${title}`);
    await quickInput.locator('.monaco-list-row', { hasText: title }).first().click();
  }

  /** Picks a colour theme by its name, and waits until the webview wears it. */
  async useTheme(name: string, kind: 'light' | 'dark' | 'high-contrast' | 'high-contrast-light'): Promise<void> {
    await this.command('Preferences: Color Theme');
    const quickInput = this.page.locator('.quick-input-widget');
    const row = quickInput.locator('.monaco-list-row', { hasText: name });
    await quickInput.locator('input').first().fill(name);
    await row.first().click();
    const body = this.tab.locator('body');
    await until(`the webview is in ${name}`, async () => (await body.getAttribute('class'))?.split(' ').includes(`vscode-${kind}`));
  }

  notifications(): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item');
  }

  async picture(name: string): Promise<void> {
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: path.join(pictures, `${name}.png`) });
  }
}

/** Drops a file on an element, as from the desktop. */
export async function drop(target: Locator, name: string, bytes: Uint8Array): Promise<void> {
  // Runs in the page, whose globals Node does not have.
  const dataTransfer = await target.evaluateHandle(
    (_element: unknown, [fileName, content]: [string, number[]]) => {
      const page = globalThis as unknown as { DataTransfer: new () => { items: { add(file: File): void } } };
      const transfer = new page.DataTransfer();
      transfer.items.add(new File([new Uint8Array(content)], fileName));
      return transfer;
    },
    [name, [...bytes]] as [string, number[]],
  );
  await target.dispatchEvent('drop', { dataTransfer });
}

/** Whether a picture has been loaded and can be seen. */
export const isDrawn = (image: Locator): Promise<boolean> =>
  image
    .first()
    .evaluate((element: { naturalWidth: number }) => element.naturalWidth > 0, undefined, { timeout: 1000 })
    .catch(() => false);

import { afterEach } from 'vitest';
import type { Window } from './window';
import type { World } from './world';

/** Keeps a picture of what a failed test saw, and tells what its tabs said. @param name goes before that of the test */
export function pictureFailures(name: string, seen: () => { window: Window | undefined; world: World | undefined }): void {
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    const { window, world } = seen();
    await window?.picture(`failed - ${name}${task.name}`);
    console.error(world?.webviewConsole.join('\n'));
  });
}

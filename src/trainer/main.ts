import { Assistant } from './assistant';
import { endOnUncaught, endWith } from './crash';
import { loadLanguage } from './language';

const usage = 'usage: trainer.js assistant | begin FOLDER | resume FOLDER | setup-tensorflow FOLDER';

async function main([mode, folder]: string[]): Promise<void> {
  loadLanguage();
  if (mode === 'assistant' && process.send) assist();
  else if ((mode === 'begin' || mode === 'resume') && folder) {
    const { trainDetached } = await import('./detached');
    endWith(await trainDetached(mode, folder));
  } else if (mode === 'setup-tensorflow' && folder && process.send) {
    const { setupFor } = await import('./setupTensorflow');
    endWith(await setupFor(folder));
  } else {
    console.error(usage);
    process.exitCode = 2;
  }
}

/** Serves the window that forked this process, and ends with it. */
function assist(): void {
  const assistant = new Assistant((message) => process.send?.(message, undefined, undefined, () => {}));
  process.on('message', (message) => void assistant.receive(message));
  process.once('disconnect', () => process.exit());
}

endOnUncaught();
void main(process.argv.slice(2));

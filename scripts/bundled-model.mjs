// The bundled model is a convenience: without it everything works, from scratch.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CommandFailed, heading, node, root } from './steps.mjs';

const weights = path.join(root, 'models/efficientnet_lite0/model.safetensors');

/** Fetches EfficientNet-Lite0 into models/ unless it is there. Returns whether it is there now. */
export async function bundledModel() {
  if (existsSync(weights)) return true;
  heading('Getting the bundled model');
  try {
    await node(['scripts/models.mjs']);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.warn('The bundled model could not be had (see above). Everything else works without it, from scratch.');
  }
  return existsSync(weights);
}

// Models that are a convenience: without the bundled one everything works, from scratch; without the other, texts want one of the hub.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { CommandFailed, heading, node, root } from './steps.mjs';

/** Fetches EfficientNet-Lite0 into models/ unless it is there. Returns whether it is there now. */
export function bundledModel() {
  const without = 'The bundled model could not be had (see above). Everything else works without it, from scratch.';
  return fetched('efficientnet_lite0', 'lite0', 'Getting the bundled model', without);
}

/** The same with the small BERT that the tests of texts learn on; no package takes it along. */
export function smallBert() {
  const without = 'The small BERT could not be had (see above). What is tested on it will be skipped.';
  return fetched('all-MiniLM-L6-v2', 'minilm', 'Getting a small BERT for the tests', without);
}

async function fetched(name, argument, title, without) {
  const weights = path.join(root, 'models', name, 'model.safetensors');
  if (existsSync(weights)) return true;
  heading(title);
  try {
    await node(['scripts/models.mjs', argument]);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.warn(without);
  }
  return existsSync(weights);
}

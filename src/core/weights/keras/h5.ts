import { readFile } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import type { Dataset, File } from 'h5wasm';
import { ThawError } from '../../../protocol/failure';
import { corrupt, unreadable } from '../corrupt';
import type { Contents, StoredTensor } from './stored';

/** An HDF5 file that is open. Paths begin at its root. */
export interface H5File {
  /** An attribute of a group. Undefined where it is not there, or no text. */
  text(group: string, attribute: string): string | undefined;
  /** What a group holds, by name; none where it is not there. */
  keys(group: string): string[];
  /** All tensors below a group, named by their path from it, in the order of the file. */
  tensors(group: string): StoredTensor[];
  close(): void;
}

let opened = 0;

/**
 * Reads an HDF5 file with the HDF Group's own library, compiled to WebAssembly: it sees nothing but these bytes, so links
 * to other files lead nowhere.
 * @throws ThawError `model.corrupt`
 */
export async function openH5(bytes: Uint8Array, path: string): Promise<H5File> {
  const library = await import('h5wasm');
  const { FS, activate_throwing_error_handler } = await library.ready;
  activate_throwing_error_handler(); // else it prints
  const inside = `/model-${opened++}.h5`;
  FS.writeFile(inside, bytes);
  let file: File;
  try {
    file = new library.File(inside, 'r');
    if (file.file_id < 0n) throw new RangeError('not HDF5');
  } catch (error) {
    FS.unlink(inside);
    throw corrupt(path, l10n.t('The file is not HDF5, or is damaged.'), error);
  }
  const group = (name: string) => {
    try {
      const found = name === '/' ? file : file.get(name);
      return found instanceof library.Group ? found : null;
    } catch {
      return null; // it is not there
    }
  };
  return {
    text: (name, attribute) => {
      const value = group(name)?.attrs[attribute]?.value;
      return typeof value === 'string' ? value : undefined;
    },
    keys: (name) => group(name)?.keys() ?? [],
    tensors: (name) => [...tensorsBelow(group(name), '', library, path)],
    close: () => {
      file.close();
      FS.unlink(inside);
    },
  };
}

function* tensorsBelow(entity: unknown, name: string, library: typeof import('h5wasm'), path: string): Generator<StoredTensor> {
  if (entity instanceof library.Dataset) yield tensorOf(entity, name, path);
  if (!(entity instanceof library.Group)) return;
  for (const key of entity.keys()) yield* tensorsBelow(entity.get(key), name ? `${name}/${key}` : key, library, path);
}

function tensorOf(dataset: Dataset, name: string, path: string): StoredTensor {
  const shape = dataset.shape ?? [];
  return {
    name,
    shape,
    read: async () => {
      const value = dataset.value;
      const length = shape.reduce((product, side) => product * side, 1);
      const data =
        typeof value === 'number' ? Float32Array.of(value) : ArrayBuffer.isView(value) ? Float32Array.from(value as Float32Array) : null;
      if (data?.length !== length) throw corrupt(path, l10n.t('The tensor "{0}" does not hold numbers.', name));
      return data;
    },
  };
}

/** A whole file in memory. @throws ThawError `model.missing` */
export function bytesOf(file: string): Promise<Uint8Array> {
  return readFile(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
}

/**
 * A model that Keras saved as `.h5`: attribute `model_config`, and the weights below `model_weights`, each at the path of
 * its layer.
 * @throws ThawError `model.unsupported` for a file of weights alone
 */
export async function openKerasH5(path: string): Promise<Contents> {
  const file = await openH5(await bytesOf(path), path);
  try {
    const config = file.text('/', 'model_config');
    if (config === undefined)
      throw new ThawError(
        'model.unsupported',
        l10n.t('The file holds weights but not the layers that they belong to.'),
        l10n.t('Save the whole model in Keras: model.save("model.keras").'),
        { path },
      );
    const tensors = file.tensors('model_weights');
    return { topology: parsed(config, path), tensors: () => tensors, files: [path], close: file.close };
  } catch (error) {
    file.close();
    throw error;
  }
}

export function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw corrupt(path, l10n.t('The description of the layers is not JSON.'), error);
  }
}

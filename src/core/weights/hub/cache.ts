import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type HubName, isCommit } from './name';
import { hasAdapter, hasModel } from './needed';

/**
 * Hugging Face's cache, where nothing is fetched twice by anybody's tools:
 * ```
 * models--org--name/
 *   refs/main                  the commit that the branch was at
 *   blobs/<etag>               a file's bytes by its hash; <etag>.incomplete while it comes
 *   snapshots/<commit>/<file>  a link to the blob; where there are no links (Windows), the file itself
 * ```
 */
export function repoFolder(cache: string, repo: string): string {
  return path.join(cache, ['models', ...repo.split('/')].join('--'));
}

export function blobPath(cache: string, repo: string, etag: string): string {
  return path.join(repoFolder(cache, repo), 'blobs', etag);
}

export function snapshotFolder(cache: string, repo: string, commit: string): string {
  return path.join(repoFolder(cache, repo), 'snapshots', commit);
}

export interface Snapshot {
  readonly folder: string;
  readonly commit: string;
}

/** The snapshot of a revision, whether or not all of it is there; null where that revision was never asked for. */
export async function findSnapshot(cache: string, { repo, revision }: HubName): Promise<Snapshot | null> {
  const commit = isCommit(revision)
    ? revision
    : await readFile(path.join(repoFolder(cache, repo), 'refs', ...revision.split('/')), 'utf8').then(
        (text) => text.trim(),
        () => '',
      );
  if (!isCommit(commit)) return null;
  const folder = snapshotFolder(cache, repo, commit);
  return existsSync(folder) ? { folder, commit } : null;
}

/** A snapshot that can be loaded: its config and all of its weights are there; or an adapter, whose base may be missing. */
export async function findModel(cache: string, name: HubName): Promise<Snapshot | null> {
  const snapshot = await findSnapshot(cache, name);
  return snapshot && ((await hasModel(snapshot.folder)) || hasAdapter(snapshot.folder)) ? snapshot : null;
}

/** Every model of the cache that can be loaded, each at the branches and tags it was asked for by. */
export async function cachedModels(cache: string): Promise<HubName[]> {
  const found: HubName[] = [];
  for (const folder of (await readdir(cache).catch(() => [])).sort()) {
    const [kind, ...parts] = folder.split('--');
    if (kind !== 'models' || parts.length === 0 || parts.length > 2) continue;
    const repo = parts.join('/');
    const refs = await readdir(path.join(cache, folder, 'refs'), { recursive: true, withFileTypes: true }).catch(() => []);
    const names = refs
      .filter((ref) => ref.isFile())
      .map((ref) => path.relative(path.join(cache, folder, 'refs'), path.join(ref.parentPath, ref.name)));
    for (const revision of names.map((name) => name.split(path.sep).join('/')).sort()) {
      if (await findModel(cache, { repo, revision })) found.push({ repo, revision });
    }
  }
  return found;
}

/** Whether a file of a snapshot is there, as a blob or, on a system without links, in its place alone. */
export async function isCached(blob: string, file: string, size: number): Promise<boolean> {
  if (existsSync(blob)) return true;
  return stat(file).then(
    (found) => found.size === size,
    () => false,
  );
}

/** Makes a blob appear under a file's name in a snapshot. */
export async function link(blob: string, file: string): Promise<void> {
  if (!existsSync(blob)) return; // the file itself is there (isCached)
  if ((await realpath(file).catch(() => null)) === (await realpath(blob))) return;
  await mkdir(path.dirname(file), { recursive: true });
  await rm(file, { force: true });
  try {
    await symlink(path.relative(path.dirname(file), blob), file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return; // another process was as quick
    if (code !== 'EPERM' && code !== 'ENOSYS' && code !== 'ENOTSUP' && code !== 'UNKNOWN') throw error;
    await rename(blob, file); // no links here (Windows without developer mode): what huggingface_hub does, too
  }
}

/** Remembers the commit of a branch or tag. */
export async function writeRef(cache: string, { repo, revision }: HubName, commit: string): Promise<void> {
  if (isCommit(revision)) return;
  const ref = path.join(repoFolder(cache, repo), 'refs', ...revision.split('/'));
  await mkdir(path.dirname(ref), { recursive: true });
  const aside = `${ref}.${process.pid}.new`;
  await writeFile(aside, commit);
  await rename(aside, ref);
}

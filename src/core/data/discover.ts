import { open, readFile, stat } from 'node:fs/promises';
import { dirname, extname, join, posix } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Problem, Split } from '../../protocol/data';
import { asFailure, ThawError } from '../../protocol/failure';
import { mapFiles } from './concurrent';
import { hasImageName, kindBytes, kindOf } from './kinds';
import { metadataNames, parseMetadata } from './metadata';
import { problems } from './problems';
import { byName, type Folder, type Listing, Walker } from './walk';

/** A file that claims to be a picture of a class; its bytes have not been looked at. */
export interface Candidate {
  readonly path: string;
  readonly label: string;
  /** `train` where nothing says otherwise. */
  readonly split: Split;
}

export interface Discovery {
  /** Sorted by path. */
  readonly candidates: Candidate[];
  /** The roles that the folder or its tables give, and which of the two. */
  readonly origin: 'folder' | 'metadata';
  readonly problems: Problem[];
}

/** The role that a name stands for. */
export function splitNamed(name: string): Split | undefined {
  switch (name.toLowerCase()) {
    case 'train':
    case 'training':
      return 'train';
    case 'val':
    case 'valid':
    case 'validation':
    case 'dev':
      return 'validation';
    case 'test':
    case 'testing':
      return 'test';
    default:
      return undefined;
  }
}

/** What is found on the way. */
class Findings {
  readonly candidates: Candidate[] = [];
  readonly stray: string[] = [];
  readonly emptyClasses: string[] = [];
  readonly unnamed: string[] = [];
  readonly problems: Problem[] = [];

  strays(paths: readonly string[]): void {
    for (const path of paths) this.stray.push(path); // no spread: there may be more than the stack holds
  }
}

/**
 * Finds out how a folder holds its examples: `class/*`, `{train,val,test}/class/*`, or a table (metadata.ts). Files below
 * a class folder, at any depth, are of that class. Reads names, not pictures: 10,000 take a fraction of a second.
 * @throws ThawError `data.missing` | `data.empty` | `data.oneClass` | `data.unsupported` | `io.permission`
 */
export async function discover(root: string, signal?: AbortSignal): Promise<Discovery> {
  await requireFolder(root);
  const walker = new Walker(root);
  const findings = new Findings();
  const top = await walker.top();
  const listing = await walker.list(top);
  const roles = listing.folders.filter((folder) => splitNamed(folder.name) !== undefined);
  const hasTrain = roles.some((folder) => splitNamed(folder.name) === 'train');

  let origin: Discovery['origin'] = 'folder';
  if (await fromTables(root, walker, top, listing, roles, findings)) origin = 'metadata';
  else if (hasTrain) {
    findings.strays(listing.files);
    findings.strays(listing.folders.filter((folder) => !roles.includes(folder)).map((folder) => folder.path));
    for (const role of roles) {
      const inside = await walker.list(role);
      findings.strays(inside.files);
      await fromClassFolders(root, walker, inside.folders, splitNamed(role.name) as Split, findings, signal);
    }
  } else {
    findings.strays(listing.files);
    await fromClassFolders(root, walker, listing.folders, 'train', findings, signal);
  }

  refuseUnusable(root, findings, roles.length > 0 && roles.length === listing.folders.length && !hasTrain && origin === 'folder');
  if (walker.links.length > 0) findings.problems.push(problems.link([...new Set(walker.links)]));
  if (walker.closed.length > 0) findings.problems.push(problems.closedFolders([...new Set(walker.closed)]));
  if (findings.emptyClasses.length > 0) findings.problems.push(problems.emptyClass(findings.emptyClasses));
  if (findings.unnamed.length > 0) findings.problems.push(problems.hiddenImages(findings.unnamed));
  if (findings.stray.length > 0) findings.problems.push(problems.stray(findings.stray));
  findings.candidates.sort((a, b) => byName(a.path, b.path));
  return { candidates: findings.candidates, origin, problems: findings.problems };
}

async function requireFolder(root: string): Promise<void> {
  const found = await stat(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') {
      const failure = asFailure(error);
      throw new ThawError(failure.code, failure.message, failure.hint, { path: root, cause: error });
    }
    throw new ThawError('data.missing', l10n.t('There is no folder {0}.', root), l10n.t('Check the path.'), { path: root, cause: error });
  });
  if (!found.isDirectory()) throw new ThawError('data.unsupported', l10n.t('{0} is a file, not a folder.', root), howTo(), { path: root });
}

const howTo = () => l10n.t('Choose a folder that has one folder of pictures for each class.');

/** @returns whether tables say what the examples are */
async function fromTables(
  root: string,
  walker: Walker,
  top: Folder,
  listing: Listing,
  roles: readonly Folder[],
  findings: Findings,
): Promise<boolean> {
  const tableIn = (files: readonly string[]) => files.find((file) => (metadataNames as readonly string[]).includes(posix.basename(file)));
  const tables: { table: string; folder: Folder; split: Split | undefined }[] = [];
  const own = tableIn(listing.files);
  if (own) tables.push({ table: own, folder: top, split: undefined });
  else {
    for (const role of roles) {
      const table = tableIn((await walker.list(role)).files);
      if (table) tables.push({ table, folder: role, split: splitNamed(role.name) });
    }
    if (tables.length < roles.length) return false;
  }
  if (tables.length === 0) return false;

  const named = new Set<string>(tables.map(({ table }) => table));
  const rowsTaken = new Set<string>();
  const gone: { table: string; files: string[] }[] = [];
  for (const { table, folder, split } of tables) {
    let rows: ReturnType<typeof parseMetadata>;
    try {
      rows = parseMetadata(join(root, table), await readFile(join(root, table), 'utf8'));
    } catch (error) {
      if (own && listing.folders.length > 1) return false; // some other table, beside folders that may be classes
      throw error;
    }
    const there = new Set(await walker.tree(folder));
    const missing: string[] = [];
    for (const row of rows) {
      const path = posix.normalize(posix.join(folder.path, row.fileName.replaceAll('\\', '/')));
      const role = row.split ? splitNamed(row.split) : (split ?? splitNamed(path.split('/')[0] as string) ?? 'train');
      if (!there.has(path)) missing.push(row.fileName);
      else if (row.label !== '' && role !== undefined) {
        named.add(path);
        const taken = `${path}\0${row.label}`;
        if (!rowsTaken.has(taken)) findings.candidates.push({ path, label: row.label, split: role });
        rowsTaken.add(taken);
      }
    }
    if (missing.length > 0) gone.push({ table, files: missing });
    for (const path of there) if (!named.has(path)) findings.stray.push(path);
  }
  for (const { table, files } of gone) findings.problems.push(problems.missingFiles(files, table));
  return true;
}

async function fromClassFolders(
  root: string,
  walker: Walker,
  folders: readonly Folder[],
  split: Split,
  findings: Findings,
  signal?: AbortSignal,
): Promise<void> {
  for (const folder of folders) {
    const files = await walker.tree(folder);
    const others = files.filter((file) => !hasImageName(file));
    const pictures = new Set(await mapFiles(others, async (file) => ((await isPicture(join(root, file))) ? file : null), signal));
    let count = 0;
    for (const path of files) {
      const hidden = pictures.has(path);
      if (!hidden && !hasImageName(path)) {
        findings.stray.push(path);
        continue;
      }
      if (hidden) findings.unnamed.push(path);
      findings.candidates.push({ path, label: folder.name, split });
      count++;
    }
    if (count === 0) findings.emptyClasses.push(folder.path);
  }
}

async function isPicture(path: string): Promise<boolean> {
  const file = await open(path).catch(() => null);
  if (!file) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(kindBytes), 0, kindBytes, 0);
    return kindOf(buffer.subarray(0, bytesRead)) !== 'other';
  } finally {
    await file.close();
  }
}

/** @throws ThawError where nothing can be learned from what was found */
function refuseUnusable(root: string, findings: Findings, onlyOtherRoles: boolean): void {
  const { candidates, stray } = findings;
  if (onlyOtherRoles && candidates.length > 0)
    throw new ThawError(
      'data.unsupported',
      l10n.t('{0} has no train folder.', root),
      l10n.t('Put a folder train beside the others, with one folder of pictures for each class.'),
      { path: root },
    );
  const labels = new Set(candidates.map((candidate) => candidate.label));
  if (labels.size > 1) return;
  const loose = stray.filter((path) => hasImageName(path) && !path.includes('/'));
  if (labels.size === 0 && loose.length > 0)
    throw new ThawError(
      'data.unsupported',
      l10n.t('{0} holds {1} pictures but no folders of classes.', root, loose.length),
      l10n.t(
        'Make a folder for each class and sort the pictures into them. If this folder is one class of several, choose the one above: {0}.',
        dirname(root),
      ),
      { path: root },
    );
  if (labels.size === 0 && stray.length > 0)
    throw new ThawError('data.unsupported', l10n.t('{0} holds no pictures, only other files ({1}).', root, endings(stray)), howTo(), {
      path: root,
    });
  if (labels.size === 0) throw new ThawError('data.empty', l10n.t('{0} holds no pictures.', root), howTo(), { path: root });
  throw new ThawError(
    'data.oneClass',
    l10n.t('{0} has pictures of one class only: {1}.', root, [...labels].join('')),
    l10n.t('A classifier needs two classes at least: add a folder with pictures of something else.'),
    { path: root },
  );
}

/** ".txt, .csv" */
function endings(files: readonly string[]): string {
  const kinds = [...new Set(files.map((file) => extname(file) || posix.basename(file)))].sort(byName);
  return kinds.length > 5 ? `${kinds.slice(0, 5).join(', ')}, …` : kinds.join(', ');
}

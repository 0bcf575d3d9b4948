import { stat } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import * as l10n from '@vscode/l10n';
import { type Problem, type Split, splitNames } from '../../../protocol/data';
import { asFailure, ThawError } from '../../../protocol/failure';
import { splitNamed } from '../discover';
import { showsPictures } from '../glance';
import { hasImageName } from '../kinds';
import { metadataNames } from '../metadata';
import { problems } from '../problems';
import { byName, type Folder, Walker } from '../walk';
import { formatNamed } from './table';

/** A file that holds examples. */
export interface TextSource {
  /** Absolute. */
  readonly path: string;
  /** As messages name it: relative to the root, with `/`. */
  readonly name: string;
  readonly split: Split;
  /** The class that its folder stands for; the file is one text then. */
  readonly label?: string;
}

export interface TextSources {
  readonly sources: readonly TextSource[];
  /** `classes`: each file is one text of its folder's class. `documents`: each file is one text. */
  readonly layout: 'tables' | 'classes' | 'documents';
  readonly problems: Problem[];
}

const tableEndings = ['parquet', 'jsonl', 'ndjson', 'json', 'csv', 'tsv', 'tab'];
/** Files that lie beside data and are none. */
const besides = /^(readme|licen[cs]e|copying|changelog|dataset_infos?|dataset_dict|state|package|package-lock|tsconfig|requirements)\b/i;

/** What a path holds: a file is texts unless it is a picture; a folder is pictures where it has any. */
export async function kindOfData(path: string): Promise<'pictures' | 'texts'> {
  const found = await stat(path).catch(() => null);
  if (!found) return 'pictures'; // whose way of saying that nothing is there does for both
  if (found.isFile()) return hasImageName(path) ? 'pictures' : 'texts';
  if (await showsPictures(path)) return 'pictures';
  const walker = new Walker(path);
  const top = await walker.top();
  const files = await walker.tree(top).catch(() => []);
  if (files.some(hasImageName)) return 'pictures';
  const { sources } = await sourcesIn(walker, top, path).catch(() => ({ sources: [] }));
  const imageTable = sources.some(({ name }) => (metadataNames as readonly string[]).includes(posix.basename(name)));
  return sources.length > 0 && !imageTable ? 'texts' : 'pictures';
}

/**
 * Finds the files of texts: a file itself; in a folder tables by Hugging Face's names of splits (`train.csv`,
 * `data/validation-00000-of-00002.parquet`, `test/part.jsonl`), else folders of .txt by class, else .txt as documents.
 * @throws ThawError `data.missing` | `data.empty` | `data.unsupported` | `io.permission`
 */
export async function findSources(root: string): Promise<TextSources> {
  const found = await stat(root).catch((error: NodeJS.ErrnoException) => {
    const failure = asFailure(error);
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR')
      throw new ThawError(failure.code, failure.message, failure.hint, { path: root, cause: error });
    throw new ThawError('data.missing', l10n.t('There is no file or folder {0}.', root), l10n.t('Check the path.'), { path: root });
  });
  if (found.isFile()) return { sources: [{ path: root, name: basename(root), split: 'train' }], layout: 'tables', problems: [] };
  const walker = new Walker(root);
  const all = await sourcesIn(walker, await walker.top(), root);
  const place = ({ split }: TextSource) => splitNames.indexOf(split);
  const sources = [...all.sources].sort((a, b) => place(a) - place(b) || byName(a.name, b.name));
  const left: Problem[] = [...all.problems];
  if (walker.links.length > 0) left.push(problems.link([...new Set(walker.links)]));
  if (walker.closed.length > 0) left.push(problems.closedFolders([...new Set(walker.closed)]));
  if (all.sources.length === 0) throw new ThawError('data.empty', l10n.t('{0} holds no texts.', root), howTo(), { path: root });
  if (!all.sources.some(({ split }) => split === 'train'))
    throw new ThawError('data.unsupported', l10n.t('{0} has nothing to train on, only other splits.', root), howTo(), { path: root });
  return { ...all, sources, problems: left };
}

const howTo = () =>
  l10n.t(
    'Choose a file such as CSV, TSV, JSONL or Parquet, or a folder with train.csv and the like, or with a folder of .txt files for each class.',
  );

async function sourcesIn(walker: Walker, top: Folder, root: string): Promise<TextSources> {
  const all = (await walker.tree(top)).filter((name) => !besides.test(posix.basename(name)));
  const tables = all.filter((name) => tableEndings.includes(formatNamed(name)) && name.split('/').length <= 3);
  if (tables.length > 0) return tableSources(root, tables, all);
  const texts = all.filter((name) => ['txt', 'text'].includes(formatNamed(name)));
  const classes = texts.map((name) => inClassFolder(root, name)).filter((source) => source !== null);
  const labels = new Set(classes.map(({ label }) => label));
  if (labels.size > 1) {
    const used = new Set(classes.map(({ name }) => name));
    return { sources: classes, layout: 'classes', problems: strays(all.filter((name) => !used.has(name))) };
  }
  // Neither tables nor classes: documents, or one file without a telling name.
  const files = texts.length > 0 ? texts : all.filter((name) => !name.includes('/') && formatNamed(name) === '');
  const sources = bySplit(root, files);
  const layout = texts.length > 3 && sources.length > 3 ? 'documents' : 'tables';
  return { sources, layout, problems: strays(all.filter((name) => !files.includes(name))) };
}

/** Of tables of several kinds those that are most, for they are often the same data twice. */
function tableSources(root: string, tables: readonly string[], all: readonly string[]): TextSources {
  const counts = tableEndings.map((ending) => tables.filter((name) => formatNamed(name) === ending).length);
  const ending = tableEndings[counts.indexOf(Math.max(...counts))];
  const sources = bySplit(
    root,
    tables.filter((name) => formatNamed(name) === ending),
  );
  const used = new Set(sources.map(({ name }) => name));
  return { sources, layout: 'tables', problems: strays(all.filter((name) => !used.has(name))) };
}

/** Files whose names say a split; where none does, all are to train on. */
function bySplit(root: string, names: readonly string[]): TextSource[] {
  const sorted = [...names].sort(byName);
  const named = sorted.map((name) => ({ name, split: splitInName(name) }));
  const some = named.some(({ split }) => split !== undefined);
  return named
    .filter(({ split }) => !some || split !== undefined)
    .map(({ name, split }) => ({ path: join(root, name), name, split: split ?? 'train' }));
}

/** The split that a word of the path names: `data/sst2_dev-00000-of-00001.parquet` → validation. */
export function splitInName(name: string): Split | undefined {
  for (const word of name.split(/[/._\s-]+|(?<=[a-z])(?=\d)/i).reverse()) {
    const split = /^eval(uation)?$/i.test(word) ? 'test' : splitNamed(word);
    if (split) return split;
  }
  return undefined;
}

/** `class/a.txt` and `train/class/a.txt`, at any depth below the class. */
function inClassFolder(root: string, name: string): (TextSource & { label: string }) | null {
  const [first = '', second, ...rest] = name.split('/');
  if (second === undefined) return null;
  const split = splitNamed(first);
  if (split === undefined) return { path: join(root, name), name, split: 'train', label: first };
  return rest.length > 0 ? { path: join(root, name), name, split, label: second } : null;
}

const strays = (names: readonly string[]): Problem[] => (names.length > 0 ? [problems.strayFiles([...names])] : []);

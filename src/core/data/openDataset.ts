import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { type DataSummary, type ExampleRow, type Problem, type Split, splitNames } from '../../protocol/data';
import { mapFiles } from './concurrent';
import { type Hashed, withoutCopies } from './copies';
import { type Counts, checkCounts, type EmptyClassWords, refuseEmptyClasses } from './counts';
import type { Dataset } from './dataset';
import { type Discovery, discover } from './discover';
import type { PictureError } from './picture';
import { problems } from './problems';
import { dealOut, requireTrainingShare } from './split';
import { byName } from './walk';

export interface OpenOptions {
  /** Share of the training examples taken for a role that the folder lacks; 0 for none. Together below 1. */
  readonly validationSplit: number;
  readonly testSplit: number;
  readonly signal?: AbortSignal;
  /** Awaited before each file is read: what is more urgent goes first. */
  readonly turn?: () => Promise<void>;
  /**
   * Called as soon as the files are counted (no hashes yet: nothing is checked or split off, `fingerprint` is ''), and at
   * the end.
   */
  readonly onProgress?: (summary: DataSummary, examples: ExampleRow[]) => void;
}

/**
 * Reads a folder of pictures as a data set: finds its layout, hashes and checks every file, leaves out what cannot be
 * used, and splits off the roles that are missing. Nothing is written.
 * @throws ThawError `data.missing` | `data.empty` | `data.oneClass` | `data.tooFew` | `data.unsupported` |
 *   `config.invalid` | `io.permission` | `interrupted`
 */
export async function openDataset(root: string, options: OpenOptions): Promise<Dataset> {
  requireTrainingShare(options);
  const absolute = resolve(root);
  const found = await discover(absolute, options.signal);
  const classes = [...new Set(found.candidates.map((candidate) => candidate.label))].sort(byName);
  const indexOf = new Map(classes.map((name, i) => [name, i]));
  const given = new Set(found.candidates.map((candidate) => candidate.split));
  const rowsOf = (files: readonly { path: string; label: string; split: Split }[]): ExampleRow[] =>
    files.map(({ path, label, split }) => ({ path, label: indexOf.get(label) as number, split }));
  options.onProgress?.(summarise(absolute, classes, found.candidates, found.problems, given, found.origin, ''), rowsOf(found.candidates));

  const { fine, problems: faults } = await inspectAll(absolute, found, options);
  const { kept, problems: copies } = withoutCopies(fine);
  const dealt = withMissingRoles(kept, given, options);
  const counts = tableOf(classes, dealt);
  refuseEmptyClasses(absolute, classes, counts[0], emptyClassWords);

  const wanted = new Set(given);
  if (options.validationSplit > 0) wanted.add('validation');
  if (options.testSplit > 0) wanted.add('test');
  const all = [...faults, ...copies, ...found.problems, ...checkCounts(classes, counts, wanted, problems)];
  const summary = summarise(absolute, classes, dealt, all, given, found.origin, fingerprintOf(dealt));
  options.onProgress?.(summary, rowsOf(dealt));
  return {
    root: absolute,
    task: summary.task,
    classes,
    examples: dealt.map(({ path, label, split, hash }) => ({ path, label: indexOf.get(label) as number, split, hash })),
    summary,
  };
}

async function inspectAll(
  root: string,
  found: Discovery,
  { signal, turn }: Pick<OpenOptions, 'signal' | 'turn'>,
): Promise<{ fine: Hashed[]; problems: Problem[] }> {
  const { inspectFile } = await import('./inspect'); // sharp takes its time to load: files are counted, and told of, before
  const faults = new Map<string, { fault: PictureError; files: string[] }>();
  const checked = await mapFiles(
    found.candidates,
    async (candidate): Promise<Hashed | null> => {
      await turn?.();
      const inspection = await inspectFile(join(root, candidate.path));
      if ('hash' in inspection) return { ...candidate, hash: inspection.hash };
      const { fault } = inspection;
      const kind = fault.code === 'unreadable' ? `${fault.code} ${fault.message.replace(/'.*'|\d+/g, '')}` : fault.code;
      const same = faults.get(kind);
      if (same) same.files.push(candidate.path);
      else faults.set(kind, { fault, files: [candidate.path] });
      return null;
    },
    signal,
  );
  const described = [...faults.values()].map(({ fault, files }) => describeFault(fault, files.sort(byName)));
  const order = (problem: Problem) => problem.code + problem.files[0];
  return { fine: checked.filter((file) => file !== null), problems: described.sort((a, b) => byName(order(a), order(b))) };
}

function describeFault(fault: PictureError, files: string[]): Problem {
  switch (fault.code) {
    case 'unreadable':
      return problems.unreadable(files, fault.message);
    case 'notAnImage':
      return problems.notAnImage(files);
    case 'tooLarge':
      return problems.tooLarge(files, fault.message);
  }
}

/** Splits validation and test off the training examples of each class where the folder has none. */
function withMissingRoles(files: readonly Hashed[], given: ReadonlySet<Split>, options: OpenOptions): Hashed[] {
  const shares = {
    validation: given.has('validation') ? 0 : options.validationSplit,
    test: given.has('test') ? 0 : options.testSplit,
  };
  const ofClass = new Map<string, string[]>();
  for (const file of files) {
    if (file.split !== 'train') continue;
    const hashes = ofClass.get(file.label);
    if (hashes) hashes.push(file.hash);
    else ofClass.set(file.label, [file.hash]);
  }
  const role = new Map<string, Split>();
  for (const hashes of ofClass.values()) for (const [i, split] of dealOut(hashes, shares).entries()) role.set(hashes[i] as string, split);
  return files.map((file) => (file.split === 'train' ? { ...file, split: role.get(file.hash) ?? 'train' } : file));
}

const emptyClassWords: EmptyClassWords = {
  one: (root, name) => l10n.t('{0} has no usable picture to learn the class {1} from.', root, name),
  several: (root, names) => l10n.t('{0} has no usable pictures to learn these classes from: {1}.', root, names),
  hint: () =>
    l10n.t(
      'Every class needs at least one training picture that can be read and is in no other class, better ten or more. Add pictures, or take the folder of the class away.',
    ),
};

function countsOf(classes: readonly string[], files: readonly { label: string }[]): number[] {
  const counts = new Map<string, number>();
  for (const { label } of files) counts.set(label, (counts.get(label) ?? 0) + 1);
  return classes.map((name) => counts.get(name) ?? 0);
}

/** Counts by split, in the order of `splitNames`, and class. */
function tableOf(classes: readonly string[], files: readonly { label: string; split: Split }[]): Counts[] {
  return splitNames.map((split) => {
    const members = files.filter((file) => file.split === split);
    return { count: members.length, classes: countsOf(classes, members) };
  });
}

function summarise(
  root: string,
  classes: readonly string[],
  files: readonly { label: string; split: Split }[],
  found: Problem[],
  given: ReadonlySet<Split>,
  origin: Discovery['origin'],
  fingerprint: string,
): DataSummary {
  const totals = countsOf(classes, files);
  const splits: DataSummary['splits'] = {};
  for (const [i, { count, classes: ofClass }] of tableOf(classes, files).entries()) {
    const split = splitNames[i] as Split;
    if (count > 0) splits[split] = { count, classes: ofClass, origin: given.has(split) ? origin : 'split' };
  }
  return {
    root,
    task: 'image-classification',
    classes: classes.map((name, i) => ({ name, count: totals[i] as number })),
    splits,
    problems: found,
    fingerprint,
  };
}

/** @param files sorted by path */
function fingerprintOf(files: readonly Hashed[]): string {
  const hash = createHash('sha256');
  for (const { path, hash: content, label, split } of files) hash.update(JSON.stringify([path, content, label, split]));
  return hash.digest('hex');
}

import * as l10n from '@vscode/l10n';
import type { Problem } from '../../protocol/data';

/** Every problem that a data set may have, in words: what is the case, what it means, what will be done. */

/** Files named for one problem; `count` has the true number. */
const filesNamed = 1000;

function problem(code: Problem['code'], severity: Problem['severity'], message: string, meaning: string, files: string[]): Problem {
  return { code, severity, message, meaning, files: files.slice(0, filesNamed), count: files.length };
}

const list = (names: readonly string[]) => (names.length > 5 ? `${names.slice(0, 5).join(', ')}, …` : names.join(', '));

export const problems = {
  unreadable(files: string[], reason: string): Problem {
    const n = files.length;
    return problem(
      'unreadable',
      'error',
      n === 1 ? l10n.t('1 picture cannot be read ({0}).', reason) : l10n.t('{0} pictures cannot be read ({1}).', n, reason),
      l10n.t('They are left out. Open them in a picture viewer and save them again, or take them out of the folder.'),
      files,
    );
  },
  closedFolders(folders: string[]): Problem {
    return problem(
      'unreadable',
      'error',
      folders.length === 1 ? l10n.t('1 folder may not be read.') : l10n.t('{0} folders may not be read.', folders.length),
      l10n.t('What is in them is left out. Allow reading them, then open the data again.'),
      folders,
    );
  },
  missingFiles(files: string[], table: string): Problem {
    return problem(
      'unreadable',
      'error',
      l10n.t('{0} names {1} files that are not there.', table, files.length),
      l10n.t('These rows are left out. Put the pictures back, or correct the names.'),
      files,
    );
  },
  notAnImage(files: string[]): Problem {
    const n = files.length;
    return problem(
      'notAnImage',
      'error',
      n === 1 ? l10n.t('1 file is named like a picture but is none.') : l10n.t('{0} files are named like pictures but are none.', n),
      l10n.t('They are left out.'),
      files,
    );
  },
  hiddenImages(files: string[]): Problem {
    const n = files.length;
    return problem(
      'notAnImage',
      'info',
      n === 1 ? l10n.t('1 picture is not named like one.') : l10n.t('{0} pictures are not named like pictures.', n),
      l10n.t('They are used: the content decides, not the name.'),
      files,
    );
  },
  tooLarge(files: string[], reason: string): Problem {
    const n = files.length;
    return problem(
      'tooLarge',
      'error',
      n === 1 ? l10n.t('1 picture is too large ({0}).', reason) : l10n.t('{0} pictures are too large (such as {1}).', n, reason),
      l10n.t('Reading one could take all memory, so they are left out. Save them smaller.'),
      files,
    );
  },
  /** `files`: the copies that are left out. */
  duplicate(files: string[]): Problem {
    const n = files.length;
    return problem(
      'duplicate',
      'info',
      n === 1 ? l10n.t('1 file is an exact copy of another.') : l10n.t('{0} files are exact copies of others.', n),
      l10n.t('One of each is used, so that none counts twice.'),
      files,
    );
  },
  /** `files`: all copies; `pictures`: how many different ones. */
  sameInSplits(files: string[], pictures: number): Problem {
    return problem(
      'sameInSplits',
      'warning',
      pictures === 1 ? l10n.t('1 picture is in more than one split.') : l10n.t('{0} pictures are in more than one split.', pictures),
      l10n.t(
        'They would flatter the accuracy. The copies in train are left out, and of those in validation and test the ones in validation.',
      ),
      files,
    );
  },
  sameInClasses(files: string[], pictures: number): Problem {
    return problem(
      'sameInClasses',
      'warning',
      pictures === 1 ? l10n.t('1 picture is in more than one class.') : l10n.t('{0} pictures are in more than one class.', pictures),
      l10n.t('Both labels cannot be right, so all their copies are left out. Keep the one in the right folder and delete the others.'),
      files,
    );
  },
  emptyClass(folders: string[]): Problem {
    return problem(
      'fewExamples',
      'warning',
      folders.length === 1
        ? l10n.t('The folder {0} holds no pictures.', list(folders))
        : l10n.t('{0} folders hold no pictures: {1}.', folders.length, list(folders)),
      l10n.t('No class is made of them.'),
      folders,
    );
  },
  fewExamples(classes: readonly { name: string; count: number }[], enough: number): Problem {
    const named = list(classes.map(({ name, count }) => `${name} (${count})`));
    return problem(
      'fewExamples',
      'warning',
      l10n.t('Few examples to learn from: {0}.', named),
      l10n.t('With fewer than {0} in training, a class is learned badly and its accuracy says little. Add pictures.', enough),
      [],
    );
  },
  imbalance(most: { name: string; count: number }, least: { name: string; count: number }): Problem {
    return problem(
      'imbalance',
      'warning',
      l10n.t('{0} has {1} training examples, {2} only {3}.', most.name, most.count, least.name, least.count),
      l10n.t('The model will lean towards the larger classes. Add pictures to the smaller ones, or turn on class weights.'),
      [],
    );
  },
  missingInSplit(split: 'validation' | 'test', classes: readonly string[]): Problem {
    return problem(
      'missingInSplit',
      'warning',
      split === 'test'
        ? l10n.t('The test examples have none of {0}.', list(classes))
        : l10n.t('The validation examples have none of {0}.', list(classes)),
      l10n.t('How well these classes are told apart will not be measured there. Add pictures.'),
      [],
    );
  },
  noneSplitOff(split: 'validation' | 'test'): Problem {
    return problem(
      'missingInSplit',
      'warning',
      split === 'test' ? l10n.t('There are no test examples.') : l10n.t('There are no validation examples.'),
      l10n.t('There are too few pictures to set some aside, so how good the model is cannot be measured. Add pictures.'),
      [],
    );
  },
  stray(files: string[]): Problem {
    const n = files.length;
    return problem(
      'stray',
      'info',
      n === 1 ? l10n.t('1 file belongs to no class.') : l10n.t('{0} files belong to no class.', n),
      l10n.t('They are left out. Pictures belong into the folder of their class.'),
      files,
    );
  },
  strayFiles(files: string[]): Problem {
    const n = files.length;
    return problem(
      'stray',
      'info',
      n === 1 ? l10n.t('1 file is not part of the data.') : l10n.t('{0} files are not part of the data.', n),
      l10n.t('They are left out.'),
      files,
    );
  },
  link(links: string[]): Problem {
    const n = links.length;
    return problem(
      'link',
      'warning',
      n === 1
        ? l10n.t('1 link leads back to a folder that is read anyway.')
        : l10n.t('{0} links lead back to folders that are read anyway.', n),
      l10n.t('They are not followed.'),
      links,
    );
  },
  lookalikesAcrossSplits(files: string[], groups: number): Problem {
    return problem(
      'nearDuplicate',
      'warning',
      groups === 1
        ? l10n.t('1 picture looks the same in more than one split.')
        : l10n.t('{0} pictures look the same in more than one split.', groups),
      l10n.t('They may flatter the accuracy. Nothing is left out: look at them, and keep each in one split.'),
      files,
    );
  },
  lookalikesAcrossClasses(files: string[], groups: number): Problem {
    return problem(
      'nearDuplicate',
      'warning',
      groups === 1
        ? l10n.t('1 picture looks the same in more than one class.')
        : l10n.t('{0} pictures look the same in more than one class.', groups),
      l10n.t('One of the labels may be wrong. Nothing is left out: look at them.'),
      files,
    );
  },
  lookalikes(files: string[], groups: number): Problem {
    return problem(
      'nearDuplicate',
      'info',
      groups === 1
        ? l10n.t('1 picture is there more than once, slightly changed.')
        : l10n.t('{0} pictures are there more than once, slightly changed.', groups),
      l10n.t('They count more than the others. Nothing is left out.'),
      files,
    );
  },
  damaged(files: string[], reason: string): Problem {
    const n = files.length;
    return problem(
      'unreadable',
      'error',
      n === 1 ? l10n.t('1 picture is damaged ({0}).', reason) : l10n.t('{0} pictures are damaged (such as {1}).', n, reason),
      l10n.t('They are left out as training comes to them. Open them in a picture viewer and save them again, or take them out.'),
      files,
    );
  },
};

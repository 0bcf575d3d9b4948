import * as l10n from '@vscode/l10n';
import type { Problem } from '../../../protocol/data';

/** What may be the case with texts, in words; rows are named `file:line`. */

/** Rows that are named of one problem; more are counted. */
export const rowsNamed = 1000;

/** Rows of one kind of trouble. */
export class Rows {
  readonly named: string[] = [];
  count = 0;

  add(where: () => string): void {
    if (this.count++ < rowsNamed) this.named.push(where());
  }
}

function problem(code: Problem['code'], severity: Problem['severity'], rows: Rows, message: string, meaning: string): Problem {
  return { code, severity, message, meaning, files: rows.named, count: rows.count };
}

const longer = (rows: Rows, length: number, all: number) => l10n.t('{0} of {1} texts are longer than {2} tokens.', rows.count, all, length);

const list = (names: readonly string[]) => (names.length > 5 ? `${names.slice(0, 5).join(', ')}, …` : names.join(', '));

export const textProblems = {
  empty(rows: Rows): Problem {
    const n = rows.count;
    const message = n === 1 ? l10n.t('1 row has no text.') : l10n.t('{0} rows have no text.', n);
    return problem('empty', 'warning', rows, message, l10n.t('There is nothing to learn from, so they are left out.'));
  },
  unlabelled(rows: Rows): Problem {
    const n = rows.count;
    const message = n === 1 ? l10n.t('1 row has no label.') : l10n.t('{0} rows have no label.', n);
    return problem('empty', 'warning', rows, message, l10n.t('They are left out. Write the label in, or take them away.'));
  },
  ragged(rows: Rows): Problem {
    const n = rows.count;
    const message =
      n === 1 ? l10n.t('1 row has more cells than there are columns.') : l10n.t('{0} rows have more cells than there are columns.', n);
    const meaning = l10n.t('They are left out: a delimiter within a text may be missing its quotes.');
    return problem('ragged', 'warning', rows, message, meaning);
  },
  unknownSplit(rows: Rows): Problem {
    const n = rows.count;
    const message = n === 1 ? l10n.t('1 row is of a split that is none.') : l10n.t('{0} rows are of a split that is none.', n);
    return problem('ragged', 'warning', rows, message, l10n.t('They are left out. Splits are train, validation and test.'));
  },
  control(rows: Rows): Problem {
    const n = rows.count;
    const message =
      n === 1
        ? l10n.t('1 text has control characters or characters that could not be read.')
        : l10n.t('{0} texts have control characters or characters that could not be read.', n);
    return problem('control', 'info', rows, message, l10n.t('They are used as they are. Check how the file was written.'));
  },
  duplicate(rows: Rows): Problem {
    const n = rows.count;
    const message = n === 1 ? l10n.t('1 text is there more than once.') : l10n.t('{0} texts repeat others.', n);
    return problem('duplicate', 'info', rows, message, l10n.t('One of each is used, so that none counts twice.'));
  },
  /** Of plain text, where repetition is part of it. */
  repeated(rows: Rows): Problem {
    const n = rows.count;
    const message = n === 1 ? l10n.t('1 text is there more than once.') : l10n.t('{0} texts repeat others.', n);
    return problem('duplicate', 'info', rows, message, l10n.t('Nothing is left out.'));
  },
  sameInSplits(rows: Rows): Problem {
    const meaning = l10n.t(
      'They would flatter the result. One of each is used: of test rather than validation, of either rather than train.',
    );
    const n = rows.count;
    const message =
      n === 1 ? l10n.t('1 row has a text that is in another split too.') : l10n.t('{0} rows have texts that are in another split too.', n);
    return problem('sameInSplits', 'warning', rows, message, meaning);
  },
  sameInClasses(rows: Rows): Problem {
    const meaning = l10n.t('Both labels cannot be right, so all of these rows are left out. Keep the one with the right label.');
    const message = l10n.t('{0} rows have the same text under different labels.', rows.count);
    return problem('sameInClasses', 'warning', rows, message, meaning);
  },
  /** `rows`: those of the rarer spelling. */
  labelTypo(rare: string, common: string, rows: Rows): Problem {
    const message = l10n.t('The label “{0}” is nearly “{1}”.', rare, common);
    const meaning = l10n.t('They are two classes now. If one is a slip, correct it in these rows.');
    return problem('labelTypo', 'warning', rows, message, meaning);
  },
  labelSpaces(rows: Rows): Problem {
    const n = rows.count;
    const message = n === 1 ? l10n.t('1 label has spaces around it.') : l10n.t('{0} labels have spaces around them.', n);
    return problem('labelTypo', 'info', rows, message, l10n.t('They are read without.'));
  },
  labelNumbers(labels: readonly string[]): Problem {
    const message = l10n.t('The labels are numbers: {0}.', list(labels));
    return problem('labelNumbers', 'info', new Rows(), message, l10n.t('Each is a class by this name.'));
  },
  fewExamples(classes: readonly { name: string; count: number }[], enough: number): Problem {
    const message = l10n.t('Few examples to learn from: {0}.', list(classes.map(({ name, count }) => `${name} (${count})`)));
    const meaning = l10n.t('With fewer than {0} in training, a class is learned badly and its accuracy says little. Add texts.', enough);
    return problem('fewExamples', 'warning', new Rows(), message, meaning);
  },
  imbalance(most: { name: string; count: number }, least: { name: string; count: number }): Problem {
    const message = l10n.t('{0} has {1} training examples, {2} only {3}.', most.name, most.count, least.name, least.count);
    const meaning = l10n.t('The model will lean towards the larger classes. Add texts to the smaller ones, or turn on class weights.');
    return problem('imbalance', 'warning', new Rows(), message, meaning);
  },
  missingInSplit(split: 'validation' | 'test', classes: readonly string[]): Problem {
    const message =
      split === 'test'
        ? l10n.t('The test examples have none of {0}.', list(classes))
        : l10n.t('The validation examples have none of {0}.', list(classes));
    const meaning = l10n.t('How well these classes are told apart will not be measured there. Add texts.');
    return problem('missingInSplit', 'warning', new Rows(), message, meaning);
  },
  noneSplitOff(split: 'validation' | 'test'): Problem {
    const message = split === 'test' ? l10n.t('There are no test examples.') : l10n.t('There are no validation examples.');
    const meaning = l10n.t('There are too few texts to set some aside, so how good the model is cannot be measured. Add texts.');
    return problem('missingInSplit', 'warning', new Rows(), message, meaning);
  },
  /** @param canSplit whether they could be split instead */
  cut(rows: Rows, length: number, all: number, canSplit: boolean): Problem {
    const meaning = canSplit
      ? l10n.t('What is beyond is cut off. Choose a greater length if the model takes it, or split longer texts up.')
      : l10n.t('What is beyond is cut off. Choose a greater length if the model takes it.');
    return problem('cut', 'info', rows, longer(rows, length, all), meaning);
  },
  split(rows: Rows, length: number, all: number): Problem {
    const meaning = l10n.t('They are split into windows that overlap by a quarter. Each text counts once, however many it has.');
    return problem('split', 'info', rows, longer(rows, length, all), meaning);
  },
  /** Of pairs whose longer text is split. */
  cutBeside(rows: Rows, length: number, all: number): Problem {
    const message = l10n.t('In {0} of {1} pairs even the shorter text is long.', rows.count, all);
    const meaning = l10n.t('Beside each window of the longer text it is cut to half of {0} tokens.', length);
    return problem('cut', 'info', rows, message, meaning);
  },
  notUtf8(files: readonly string[]): Problem {
    const rows = new Rows();
    for (const file of files) rows.add(() => file);
    const message = l10n.t('{0} is not UTF-8.', files.join(', '));
    return problem('control', 'info', rows, message, l10n.t('It is read as Windows-1252. If letters look wrong, save it as UTF-8.'));
  },
};

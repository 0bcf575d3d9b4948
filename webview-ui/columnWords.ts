import * as l10n from '@vscode/l10n';
import type { ColumnRole, TextTask } from '../src/protocol/data';
import type { Failure } from '../src/protocol/failure';

export function taskWord(task: TextTask): string {
  switch (task) {
    case 'text-classification':
      return l10n.t('Text classification');
    case 'text-pair-classification':
      return l10n.t('Sentence pairs');
    case 'causal-lm':
      return l10n.t('Continue texts');
    case 'chat':
      return l10n.t('Instructions and chats');
    case 'text-to-text':
      return l10n.t('Text to text');
  }
}

export function roleWord(role: ColumnRole): string {
  switch (role) {
    case 'text':
      return l10n.t('Text');
    case 'secondText':
      return l10n.t('Second text');
    case 'label':
      return l10n.t('Label');
    case 'source':
      return l10n.t('Source');
    case 'target':
      return l10n.t('Target');
    case 'instruction':
      return l10n.t('Instruction');
    case 'input':
      return l10n.t('Input');
    case 'output':
      return l10n.t('Answer');
    case 'messages':
      return l10n.t('Messages');
    case 'split':
      return l10n.t('Split');
  }
}

/** A failure in the words of this tab's fields; those that it came with are a terminal's. */
export function inTheTab(failure: Failure): Pick<Failure, 'message' | 'hint'> {
  const { misfit, message, hint } = failure;
  switch (misfit?.kind) {
    case undefined:
      return { message, hint };
    case 'noTexts':
      return { message, hint: l10n.t('Give it a column of texts, and one of labels where classes are to be told apart.') };
    case 'noColumn':
      return {
        message: l10n.t('No column fits “{0}” of the task “{1}”.', roleWord(misfit.role), taskWord(misfit.task)),
        hint: l10n.t('Choose a column for it, or another task.'),
      };
    case 'noLabels':
      return { message, hint: l10n.t('Choose another column for “{0}”, or another task.', roleWord('label')) };
    case 'oneClass':
      return { message, hint: l10n.t('A classifier needs two classes at least. Choose another column for “{0}”.', roleWord('label')) };
    case 'folder':
      return {
        message: l10n.t('A folder of .txt files cannot be learned for the task “{0}”.', taskWord(misfit.task)),
        hint: l10n.t('Write the examples as a table (CSV, TSV, JSONL or Parquet), or choose another task.'),
      };
  }
}

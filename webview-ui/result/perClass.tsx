import * as l10n from '@vscode/l10n';
import type { ClassEvaluation } from '../../src/protocol/report';
import { isTexts } from '../../src/protocol/tasks';
import { number, percent } from '../format';
import { runTask } from '../session';

function examplesWord(onTest: boolean): string {
  if (isTexts(runTask())) return onTest ? l10n.t('Test texts') : l10n.t('Validation texts');
  return onTest ? l10n.t('Test pictures') : l10n.t('Validation pictures');
}

export function PerClass({ evaluation, onTest }: { evaluation: ClassEvaluation; onTest: boolean }) {
  const columns = [l10n.t('Precision'), l10n.t('Recall'), l10n.t('F1'), examplesWord(onTest)];
  return (
    <div class="per-class">
      <table class="plain">
        <caption class="sr">{l10n.t('Per class')}</caption>
        <thead>
          <tr>
            <th scope="col">{l10n.t('Class')}</th>
            {columns.map((column) => (
              <th key={column} scope="col" class="num">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {evaluation.perClass.map((c) => (
            <tr key={c.name}>
              <th scope="row">{c.name}</th>
              <td class="num">{percent(c.precision)}</td>
              <td class="num">{percent(c.recall)}</td>
              <td class="num">{percent(c.f1)}</td>
              <td class="num">{number(c.count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

import * as l10n from '@vscode/l10n';
import { useMemo } from 'preact/hooks';
import type { DataSummary } from '../../src/protocol/data';
import { isTexts } from '../../src/protocol/tasks';
import { classes, number, percent, pictures, texts } from '../format';
import { post } from '../host';
import { countOf, type ExampleFilter, filtered, flagged } from '../logic/examples';
import { Button } from '../parts/controls';
import { FailureBox } from '../parts/failureBox';
import { Region } from '../parts/region';
import { panel, view } from '../session';
import { useStore } from '../store';
import { ClassBars } from './classBars';
import { Filters } from './filters';
import { picked } from './picked';
import { PictureGrid } from './pictureGrid';
import { Problems } from './problems';
import { BarBones, GridBones, ProblemBones } from './skeletons';
import { TextBody } from './textBody';

function splitWords(summary: DataSummary, shares: { validation: number; test: number }): string {
  const origins = new Set(Object.values(summary.splits).map((split) => split.origin));
  if (origins.has('metadata')) return isTexts(summary.task) ? l10n.t('split by a column') : l10n.t('split by the metadata');
  const { validation, test } = summary.splits;
  const made = [validation?.origin === 'split' ? shares.validation : 0, test?.origin === 'split' ? shares.test : 0];
  if (made.every((share) => share === 0)) {
    if (!validation && !test) return l10n.t('not split');
    return isTexts(summary.task) ? l10n.t('split by file') : l10n.t('split by folder');
  }
  const rest = 1 - (made[0] ?? 0) - (made[1] ?? 0);
  return l10n.t('split {0}', [rest, ...made].map((share) => percent(share, 0)).join(' / '));
}

function Note() {
  const data = useStore(panel, (s) => s.data);
  const fields = useStore(panel, (s) => s.training);
  if (!data) return null;
  const { summary, checking } = data;
  const splitKnown = Object.keys(summary.splits).length > 0;
  const ofTexts = isTexts(summary.task);
  if (checking && !splitKnown && data.read !== undefined) return <>{l10n.t('{0} rows so far', number(data.read))}</>;
  const count = countOf(summary);
  const counted = ofTexts ? texts(count) : pictures(count);
  if (checking && !splitKnown) return <>{l10n.t('{0} so far', counted)}</>;
  const words = [counted, ...(summary.classes.length > 0 ? [classes(summary.classes.length)] : [])];
  if (splitKnown) words.push(splitWords(summary, { validation: fields.validationSplit, test: fields.testSplit }));
  if (checking) words.push(l10n.t('still checking'));
  return <>{words.join(' · ')}</>;
}

function Body() {
  const data = useStore(panel, (s) => s.data);
  const failure = useStore(panel, (s) => s.dataFailure);
  const examples = useStore(panel, (s) => s.examples);
  const split = useStore(view, (v) => v.split);
  const klass = useStore(view, (v) => v.klass);
  const only = useStore(picked, (p) => p.only);
  const classNames = data?.summary.classes;
  const label = klass === null || !classNames ? -1 : classNames.findIndex((c) => c.name === klass);
  const filter = useMemo<ExampleFilter>(
    () => ({ split, label: label < 0 ? null : label, only: only?.paths ?? null }),
    [split, label, only],
  );
  const shown = useMemo(() => filtered(examples, filter), [examples, filter]);
  const problems = data?.summary.problems;
  const flags = useMemo(() => flagged(problems ?? []), [problems]);

  const box = failure && (
    <FailureBox failure={failure}>
      <Button label={l10n.t('Try again')} onClick={() => post({ type: 'retry' })} />
      <Button label={l10n.t('Show output')} onClick={() => post({ type: 'showLog' })} />
    </FailureBox>
  );
  if (!data)
    return (
      box ?? (
        <div aria-busy="true">
          <BarBones />
          <GridBones />
          <ProblemBones />
        </div>
      )
    );
  if (isTexts(data.summary.task)) return <TextBody data={data} failure={box} />;
  return (
    <div aria-busy={data.checking}>
      {box}
      <ClassBars summary={data.summary} />
      <Filters summary={data.summary} />
      {examples.length > 0 ? (
        <PictureGrid examples={shown} filter={filter} summary={data.summary} flags={flags} />
      ) : (
        data.checking && <GridBones />
      )}
      {data.checking && data.summary.problems.length === 0 ? <ProblemBones /> : <Problems problems={data.summary.problems} />}
    </div>
  );
}

export function Data() {
  return (
    <Region name="Data" note={<Note />}>
      <Body />
    </Region>
  );
}

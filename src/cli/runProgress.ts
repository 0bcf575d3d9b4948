import * as l10n from '@vscode/l10n';
import type { Problem, Task } from '../protocol/data';
import type { RunEvent } from '../protocol/events';
import { figureOf, type Scores } from '../protocol/figure';
import type { RunConfig } from '../protocol/runConfig';
import type { Prepared } from '../protocol/trainer';
import { bar, StatusLine } from './statusLine';
import { duration, figureText, integer, percent, printable } from './table';

/** Characters of a text that is shown on a line. */
const shownText = 60;

function shortened(text: string): string {
  const line = printable(text.replace(/\s+/g, ' ').trim());
  return line.length > shownText ? `${line.slice(0, shownText)}…` : line;
}

/** What is amiss, and what becomes of long texts: `thaw inspect` has the rest. */
const isTold = ({ severity, code }: Problem) => severity !== 'info' || code === 'cut' || code === 'split';

/** Shows a run's events to a person: a bar for what goes on, a line for what is done. */
export class RunProgress {
  private readonly status = new StatusLine();
  private began = 0;
  private first: { step: number; time: number } | undefined;
  private readonly epochs: number;
  private readonly task: Task;

  constructor({ phases, data }: Pick<RunConfig, 'phases' | 'data'>) {
    this.epochs = phases.reduce((sum, phase) => sum + phase.epochs, 0);
    this.task = data.task;
  }

  show(event: RunEvent): void {
    const { status } = this;
    switch (event.type) {
      case 'started':
        this.began = event.time;
        status.show(l10n.t('Looking at {0}', event.config.data.path));
        break;
      case 'resumed':
        this.first = undefined;
        status.print(l10n.t('Going on after step {0}, epoch {1}.', event.step, event.epoch));
        break;
      case 'data': {
        const counts = Object.entries(event.splits).map(([name, split]) => `${name} ${integer(split.count)}`);
        const { length } = event.classes;
        const counted = counts.join(', ');
        status.print(length > 0 ? l10n.t('Data: {0} classes, {1}', length, counted) : l10n.t('Data: {0}', counted));
        for (const problem of event.problems.filter(isTold)) status.print(`  ${problem.message} ${problem.meaning}`);
        break;
      }
      case 'model':
        status.print(
          l10n.t('Model: {0}, {1} of {2} parameters learn', event.id, integer(event.trainableParameters), integer(event.parameters)),
        );
        break;
      case 'prepare':
        status.show(`${bar(event.done / event.total)} ${l10n.t('features {0}/{1}', integer(event.done), integer(event.total))}`);
        break;
      case 'phase':
        this.first = undefined;
        break;
      case 'step':
        status.show(this.stepText(event));
        break;
      case 'epoch':
        status.print(this.epochText(event));
        break;
      case 'samples':
        for (const sample of event.samples.slice(0, 1)) status.print(`  ${shortened(sample.prompt)} → ${shortened(sample.written)}`);
        break;
      case 'freeze':
        status.print(l10n.t('From step {0} other layers learn: {1}', event.step, event.trainable.join(' ')));
        break;
      case 'warning':
        status.print(event.message);
        break;
      case 'paused':
        status.print(l10n.t('Paused after step {0}.', event.step));
        break;
      case 'continued':
        status.print(l10n.t('Going on.'));
        break;
      case 'finished':
        status.clear();
        status.print(l10n.t('Done in {0}.', duration((event.time - this.began) / 1000)));
        break;
      case 'stopped':
      case 'failed':
        status.clear();
        break;
      case 'checkpoint':
        break;
    }
  }

  /** What goes before the first event. */
  prepared({ done, total }: Prepared): void {
    const texts = total === null ? l10n.t('{0} rows', integer(done)) : l10n.t('texts {0}/{1}', integer(done), integer(total));
    this.status.show(total === null ? texts : `${bar(done / total)} ${texts}`);
  }

  /** Takes the bar away. */
  end(): void {
    this.status.clear();
  }

  private stepText(event: Extract<RunEvent, { type: 'step' }>): string {
    this.first ??= { step: event.step, time: event.time };
    const steps = event.step - this.first.step;
    const left = steps > 0 ? (((event.time - this.first.time) / steps) * (event.totalSteps - event.step)) / 1000 : Number.NaN;
    const figure = figureOf(this.task, event);
    const parts = [
      bar(event.step / event.totalSteps),
      l10n.t('epoch {0}/{1}', event.epoch, this.epochs),
      l10n.t('loss {0}', event.loss.toFixed(3)),
      figure.measure === 'accuracy' ? l10n.t('accuracy {0}', percent(figure.accuracy)) : figureText(figure),
      l10n.t('{0}/s', Math.round(event.examplesPerSecond)),
    ];
    if (Number.isFinite(left)) parts.push(l10n.t('{0} left', duration(left)));
    return parts.join('  ');
  }

  private epochText(event: Extract<RunEvent, { type: 'epoch' }>): string {
    const scores = (found: Scores) => `${found.loss.toFixed(3)} ${figureText(figureOf(this.task, found)).padStart(7)}`;
    const epoch = String(event.epoch).padStart(String(this.epochs).length);
    const parts = [l10n.t('Epoch {0}', epoch), l10n.t('training {0}', scores(event.train))];
    if (event.validation) parts.push(l10n.t('validation {0}', scores(event.validation)));
    return [...parts, duration(event.seconds)].join('  ');
  }
}

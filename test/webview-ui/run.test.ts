import { expect, test } from 'vitest';
import type { RunEvent, RunEventBody } from '../../src/protocol/events';
import { eventsUntil, stepsPerEpoch, thawedRules } from '../../webview-ui/gallery/world';
import { RunView } from '../../webview-ui/logic/run';

function viewOf(events: readonly RunEvent[]): RunView {
  const view = new RunView();
  for (const event of events) view.apply(event);
  return view;
}
function after(events: readonly RunEvent[], ...more: (RunEventBody & { after?: number })[]): RunEvent[] {
  const all = [...events];
  for (const { after: seconds = 1, ...body } of more) {
    const last = all.at(-1)!;
    all.push({ ...body, seq: last.seq + 1, time: last.time + seconds * 1000 } as RunEvent);
  }
  return all;
}

test('epoch, progress and time left follow the steps', () => {
  const view = viewOf(eventsUntil(5.5, 'training'));
  expect(view.epochs).toBe(12);
  expect(view.epoch).toBe(6);
  expect(view.progress).toBeCloseTo(5.5 / 12, 2);
  expect(view.rows.map((row) => row.epoch)).toEqual([1, 2, 3, 4, 5]);
  const pace = view.rows.slice(-3).reduce((sum, row) => sum + row.seconds, 0) / 3;
  expect(view.secondsLeft).toBeCloseTo(6.5 * pace, 5);
});

test('before an epoch is over the time left comes from the steps', () => {
  const view = viewOf(eventsUntil(0.5, 'training'));
  expect(view.secondsLeft).toBeCloseTo(11.5 * stepsPerEpoch * 0.12, 1);
});

test('features are counted while they are prepared', () => {
  const view = viewOf(eventsUntil(0, 'preparing'));
  expect(view.prepare).toMatchObject({ done: 288, total: 448 });
  expect(view.prepare!.perSecond).toBeCloseTo(288 / 7);
  expect(view.log.filter((event) => event.type === 'prepare')).toHaveLength(1);
});

test('a change by hand is a mark with what learned before and after; the first phase is none', () => {
  const view = viewOf(eventsUntil(5, 'training'));
  expect(view.marks).toEqual([{ step: 4 * stepsPerEpoch, phase: null, before: ['classifier.**', 'conv_head.**'], after: thawedRules }]);
  expect(view.at(view.marks[0]!.step)).toBe(4);
});

test('the best epoch is the one that the last best checkpoint has, and the one of the report in the end', () => {
  expect(viewOf(eventsUntil(5.5, 'training')).best?.epoch).toBe(5);
  expect(viewOf(eventsUntil(12, 'training')).best?.epoch).toBe(9);
  expect(viewOf(eventsUntil(12, 'finished')).best?.epoch).toBe(9);
  expect(viewOf(eventsUntil(0.5, 'training')).best).toBeNull();
});

test('a run that goes on from a checkpoint repeats no epoch and no point', () => {
  const crashed = eventsUntil(5.8, 'training');
  const step = 5 * stepsPerEpoch;
  const view = viewOf(after(crashed, { type: 'resumed', step, epoch: 5, after: 3600 }));
  expect(view.loss.latest?.step).toBe(step);
  expect(view.rows.map((row) => row.epoch)).toEqual([1, 2, 3, 4, 5]);
  expect(view.epoch).toBe(6);
  // The hour between crash and resumption is nobody's work.
  expect(view.seconds).toBeCloseTo(viewOf(crashed).seconds);
});

test('a pause does not count as work', () => {
  const paused = eventsUntil(2.5, 'paused');
  const view = viewOf(after(paused, { type: 'continued', step: 70, after: 500 }));
  expect(view.seconds).toBeCloseTo(viewOf(paused).seconds);
});

test('events in one heap or one by one come to the same', () => {
  const events = eventsUntil(12, 'finished');
  const [whole, halves] = [viewOf(events), viewOf(events.slice(0, 100))];
  for (const event of events.slice(100)) halves.apply(event);
  expect(halves).toEqual(whole);
  expect(whole.report?.test?.accuracy).toBeCloseTo(93 / 96);
});

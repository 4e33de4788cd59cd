import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addMonths, groupByDay, mergeEvents, weeksOf } from '../lib/days.js';
import { gapWords, joinGaps, openGaps, weave } from '../lib/gaps.js';

const at = (text) => Date.parse(text) * 1000;
const event = (id, text) => ({ id, started_at: at(text) });
const gap = (camera_id, from, to, reason = 'no-answer') => ({ camera_id, from: at(from), to: to ? at(to) : null, reason });

test('events stand under the home\'s day', () => {
  const days = groupByDay([event('c', '2026-11-23T23:10:00Z'), event('b', '2026-11-23T22:50:00Z'), event('a', '2026-11-23T09:00:00Z')], 'Europe/Berlin');
  assert.deepEqual(days.map(({ day, events }) => [day, events.map(({ id }) => id)]), [['2026-11-24', ['c']], ['2026-11-23', ['b', 'a']]]);
});

test('a page that overlaps doubles nothing, and the newer answer stays', () => {
  const merged = mergeEvents([{ ...event('b', '2026-11-23T10:00:00Z'), opened: false }, event('a', '2026-11-23T09:00:00Z')], [event('c', '2026-11-23T11:00:00Z'), { ...event('b', '2026-11-23T10:00:00Z'), opened: true }]);
  assert.deepEqual(merged.map(({ id }) => id), ['c', 'b', 'a']);
  assert.equal(merged[1].opened, true);
});

test('months as weeks', () => {
  const weeks = weeksOf('2026-11');
  assert.equal(weeks[0].filter(Boolean).length, 1);
  assert.equal(weeks[0][6], '2026-11-01');
  assert.equal(weeks.flat().filter(Boolean).length, 30);
  assert.equal(weeksOf('2026-11', 7)[0][0], '2026-11-01');
  assert.equal(addMonths('2026-01', -1), '2025-12');
});

test('a camera that comes and goes is one gap', () => {
  const joined = joinGaps([
    gap('lawn', '2026-11-23T10:05:00Z', '2026-11-23T10:07:00Z', 'stalled'),
    gap('lawn', '2026-11-23T10:00:00Z', '2026-11-23T10:04:00Z'),
    gap('gate', '2026-11-23T10:04:00Z', null),
    gap('lawn', '2026-11-23T12:00:00Z', '2026-11-23T12:04:00Z'),
  ]);
  assert.deepEqual(joined.map(({ camera_id, times, reason }) => [camera_id, times, reason]), [['lawn', 2, 'stalled'], ['gate', 1, 'no-answer'], ['lawn', 1, 'no-answer']]);
  assert.equal(joinGaps([gap('a', '2026-11-23T10:00:00Z', '2026-11-23T10:00:01Z')]).length, 0);
});

test('a gap stands where it began, and waits until its place is loaded', () => {
  const events = [event('b', '2026-11-23T16:00:00Z'), event('a', '2026-11-23T13:00:00Z')];
  const gaps = joinGaps([gap('lawn', '2026-11-23T14:02:00Z', null), gap('gate', '2026-11-23T02:00:00Z', '2026-11-23T03:00:00Z')]);
  const kinds = (complete) => weave(events, gaps, { complete, startsAt: at('2026-11-22T23:00:00Z') }).map((row) => row.event?.id ?? row.gap.camera_id);
  assert.deepEqual(kinds(false), ['b', 'lawn', 'a']);
  assert.deepEqual(kinds(true), ['b', 'lawn', 'a', 'gate']);
});

test('a camera that is offline is a gap that goes on', () => {
  const camera = (id, state, since, more = {}) => ({ id, status: { state, fault: state === 'offline' ? 'stalled' : null, since: at(since), ...more } });
  const cameras = [
    camera('lawn', 'offline', '2026-11-23T14:02:00Z'), camera('gate', 'records', '2026-11-23T14:02:00Z'), camera('yard', 'unknown', '2026-11-23T14:02:00Z'),
    camera('path', 'offline', '2026-11-23T14:02:00Z', { verified: false }), camera('door', 'offline', '2026-11-23T14:02:00Z'),
  ];
  const day = (ends, gaps = []) => ({ ends_at: at(ends), gaps });
  const told = gap('door', '2026-11-23T14:00:00Z', null);
  assert.deepEqual(openGaps(cameras, day('2026-11-23T23:00:00Z', [told])), [gap('lawn', '2026-11-23T14:02:00Z', null, 'stalled')]);
  assert.deepEqual(openGaps(cameras, day('2026-11-22T23:00:00Z')), [], 'the day before it began');
});

test('gaps in words', () => {
  const words = (day, ...rest) => gapWords(gap('l', ...rest), 'Europe/Berlin', day, { twelve: false });
  assert.equal(words('2026-11-23', '2026-11-23T14:02:00Z', null, 'unauthorized'), 'has not recorded since 15:02: the camera refuses the password');
  assert.equal(words('2026-11-22', '2026-11-22T02:12:00Z', '2026-11-22T03:05:00Z'), 'did not record 03:12–04:05: not reached');
  assert.equal(words('2026-11-22', '2026-11-22T02:12:00Z', '2026-11-22T02:12:20Z'), 'did not record for 20 s at 03:12: not reached');
  assert.equal(words('2026-11-23', '2026-11-22T02:12:00Z', '2026-11-23T03:05:00Z'), 'did not record until 04:05: not reached');
  assert.equal(words('2026-11-22', '2026-11-22T02:12:00Z', '2026-11-23T03:05:00Z'), 'did not record from 03:12 on: not reached');
  assert.equal(words('2026-11-23', '2026-11-20T02:12:00Z', null, 'quieted'), 'was quieted on this day: it made event upon event');
  assert.equal(words('2026-11-23', '2026-11-23T02:12:00Z', '2026-11-23T03:05:00Z', 'quieted'), 'was quieted 03:12–04:05: it made event upon event');
});

test('what is quieted is a line of its own, also beside a gap', () => {
  const joined = joinGaps([
    gap('lawn', '2026-11-23T10:00:00Z', '2026-11-23T12:00:00Z', 'quieted'),
    gap('lawn', '2026-11-23T11:00:00Z', '2026-11-23T11:10:00Z', 'stalled'),
  ]);
  assert.deepEqual(joined.map(({ reason, times }) => [reason, times]), [['quieted', 1], ['stalled', 1]]);
  const cameras = [{ id: 'lawn', status: { state: 'records', fault: null, since: at('2026-11-23T08:00:00Z'), quieted_since: at('2026-11-23T10:00:00Z') } }];
  const day = (text) => ({ ends_at: at(text), gaps: [] });
  assert.deepEqual(openGaps(cameras, day('2026-11-24T00:00:00Z')), [{ camera_id: 'lawn', from: at('2026-11-23T10:00:00Z'), to: null, reason: 'quieted' }]);
  assert.deepEqual(openGaps(cameras, day('2026-11-23T00:00:00Z')), []);
});

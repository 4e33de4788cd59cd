import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cameraState, inOrderOfTrouble, pillText, summary } from '../lib/camera-state.js';
import { filterOf, queryOf } from '../lib/filter.js';

const at = (text) => Date.parse(text) * 1000;
const camera = (name, state, fault = null, verified = true) => ({ name, status: { state, fault, since: at('2026-11-23T14:02:00Z'), verified } });

test('a pill says what and since when, only for what is not as it should be', () => {
  const now = at('2026-11-23T16:06:00Z');
  assert.equal(pillText(camera('a', 'records'), 'UTC', now), 'Records');
  assert.match(pillText(camera('a', 'offline', 'unauthorized'), 'UTC', now), /^Refused since /);
  assert.match(pillText(camera('a', 'offline', 'no-answer'), 'UTC', now), /^Not reached since /);
  assert.match(pillText(camera('a', 'unknown'), 'UTC', now), /^Not heard of since /);
});

test('a report that is not verified is never taken for recording', () => {
  const forged = camera('a', 'records', null, false);
  assert.equal(cameraState(forged).word, 'Not verified');
  assert.equal(summary([forged]).line, '0 of 1 camera records.');
});

test('troubled cameras come first', () => {
  const list = inOrderOfTrouble([camera('B', 'records'), camera('C', 'offline', 'stalled'), camera('A', 'records'), { ...camera('D', 'records'), status: { state: 'records', fault: null, since: 1, quieted_since: 2 } }]);
  assert.deepEqual(list.map(({ name }) => name), ['C', 'A', 'B', 'D']);
});

test('the home in a line', () => {
  assert.deepEqual(summary([]), { tone: 'quiet', line: 'No camera yet', trouble: '' });
  assert.deepEqual(summary([camera('Main', 'records')]), { tone: 'ok', line: '1 of 1 camera records.', trouble: '' });
  assert.deepEqual(summary([camera('Main', 'records'), camera('Lawn', 'offline', 'unauthorized'), camera('Gate', 'unknown')]), { tone: 'warn', line: '1 of 3 cameras record.', trouble: 'Gate: not heard of, and 1 more' });
});

test('a filter survives the address', () => {
  const filter = { cameras: ['a', 'b'], day: '2026-11-22' };
  assert.equal(queryOf(filter), '?camera=a,b&day=2026-11-22');
  assert.deepEqual(filterOf(new URLSearchParams(queryOf(filter))), filter);
  assert.deepEqual(filterOf(new URLSearchParams('day=2026-02-30')), { cameras: [], day: null });
  assert.equal(queryOf({ cameras: [], day: null }), '');
});

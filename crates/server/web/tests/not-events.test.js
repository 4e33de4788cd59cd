import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterOf, queryOf } from '../lib/filter.js';
import { notEventsWords, oftenNot } from '../lib/not-events.js';

test('a remedy is offered from three in a week on, the worst camera first', () => {
  const cameras = [{ name: 'a', not_events_week: 3 }, { name: 'b', not_events_week: 2 }, { name: 'c', not_events_week: 9 }, { name: 'd' }];
  assert.deepEqual(oftenNot(cameras).map(({ name }) => name), ['c', 'a']);
  assert.equal(notEventsWords({ name: 'Main path', not_events_week: 5 }), '5 events of Main path were said to be none in the last week.');
});

test('the filter for what is no event lives in the address', () => {
  assert.equal(queryOf({ cameras: ['a', 'b'], day: null, not: true }), '?camera=a,b&not=1');
  assert.equal(queryOf({ cameras: [], day: null }), '');
  assert.deepEqual(filterOf(new URLSearchParams('not=1')), { cameras: [], day: null, not: true });
  assert(!filterOf(new URLSearchParams('not=yes')).not);
});

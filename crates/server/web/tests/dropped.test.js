import assert from 'node:assert/strict';
import { test } from 'node:test';
import { droppedWithin, droppedWords } from '../lib/dropped.js';

const at = (text) => Date.parse(text) * 1000;
const dropped = { events: 12, from: at('2026-11-03T10:00:00Z'), to: at('2026-11-05T18:30:00Z'), last_at: at('2026-11-23T14:02:00Z') };

test('what went for want of space is said with its days and its reason', () => {
  const now = at('2026-11-23T16:06:00Z');
  assert.match(droppedWords(dropped, 'UTC', now), /^12 events from .*3.* to .*5.* were erased, last .*: the space of this home was used up\.$/);
  assert.match(droppedWords({ ...dropped, events: 1, to: dropped.from }, 'UTC', now), /^1 event of .*3.* was erased, last /);
});

test('it is said on the days of which something went, and on no other', () => {
  const day = (text) => ({ starts_at: at(`${text}T00:00:00Z`), ends_at: at(`${text}T24:00:00Z`) });
  assert.deepEqual(['2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05', '2026-11-06'].map((text) => droppedWithin(dropped, day(text))), [false, true, true, true, false]);
  assert.equal(droppedWithin(null, day('2026-11-04')), false);
});

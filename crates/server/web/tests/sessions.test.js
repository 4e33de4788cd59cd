import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cameSince, isNew, mineWords, newSignIns, newSignInWords, sessionWords } from '../lib/sessions.js';

const at = (text) => Date.parse(text) * 1000;
const now = at('2026-11-27T10:00:00Z');
const firefox = { id: 'a', kind: 'cookie', client: 'Firefox on Linux', created_at: at('2026-11-26T13:02:00Z'), expires_at: at('2026-12-26T13:02:00Z'), this: false, noticed: true };
const words = (change, zone = 'Europe/Berlin', options = {}) => sessionWords({ ...firefox, ...change }, zone, now, { twelve: false, locale: 'en-GB', ...options });

test('a session is named by its program, or by how it asks', () => {
  assert.equal(words({}).name, 'Firefox on Linux');
  assert.equal(words({ this: true }).name, 'Firefox on Linux, this one');
  assert.equal(words({ kind: 'bearer', client: 'curl' }).name, 'curl');
  assert.equal(words({ kind: 'bearer', client: null }).name, 'A program (API)');
  assert.equal(words({ client: null, this: true }).name, 'A browser, this one');
  assert.equal(words({}).end, 'End Firefox on Linux, since 26 November, 14:02');
});

test('since when and until when, in the viewer’s zone', () => {
  assert.equal(words({}).span, 'since 26 November, 14:02, until 26 December');
  assert.equal(words({}, 'Asia/Tokyo').span, 'since 26 November, 22:02, until 26 December');
  assert.equal(words({}, 'Pacific/Auckland').span, 'since 27 November, 02:02, until 27 December');
  assert.equal(words({}, 'Europe/Berlin', { twelve: true }).span, 'since 26 November, 2:02 pm, until 26 December');
  assert.equal(words({ created_at: at('2025-12-30T08:00:00Z'), expires_at: at('2027-01-05T08:00:00Z') }).span, 'since 30 December 2025, 09:00, until 5 January 2027', 'another year is said');
});

test('new is what nobody looked at, without the one that looks', () => {
  assert.equal(isNew({ ...firefox, noticed: false }), true);
  assert.equal(isNew(firefox), false);
  assert.equal(isNew({ ...firefox, noticed: false, this: true }), false);
  assert.equal(isNew({ ...firefox, noticed: undefined }), false);
});

test('what came after the list was drawn', () => {
  const other = { ...firefox, id: 'b', noticed: false };
  assert.equal(cameSince([firefox], [other, firefox]), true);
  assert.equal(cameSince([firefox, other], [other, firefox]), false);
  assert.equal(cameSince([firefox, other], [firefox]), false, 'one that ended');
  assert.equal(cameSince([firefox], [{ ...other, noticed: true }, firefox]), false, 'looked at elsewhere');
});

test('the banner of new sign-ins', () => {
  for (const me of [undefined, {}, { new_sign_ins: 0 }]) assert.equal(newSignIns(me), 0);
  assert.equal(newSignIns({ new_sign_ins: 2 }), 2);
  assert.deepEqual(newSignInWords(1), { title: 'New sign-in to your account.', question: 'Was it you?' });
  assert.deepEqual(newSignInWords(2), { title: '2 new sign-ins to your account.', question: 'Were they you?' });
  assert.equal(mineWords(1).verb, 'This was me');
  assert.equal(mineWords(3).verb, 'These were all me');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOKEN_RIGHTS, endOfToken, lastDays, tokenRightsSaid, tokenWords } from '../lib/tokens.js';

const at = (text) => Date.parse(text) * 1000;
const now = at('2026-11-27T10:00:00Z');
const zone = 'Europe/Berlin';
const token = { id: 'a', name: 'Home automation', rights: ['footage', 'export'], created_at: at('2026-11-20T10:00:00Z'), expires_at: at('2027-02-25T23:00:00Z'), used_at: null };
const words = (change) => tokenWords({ ...token, ...change }, zone, now, { locale: 'en-GB' });

test('what a token may do, in words and in one order', () => {
  assert.equal(tokenRightsSaid(['footage']), 'Sees');
  assert.equal(tokenRightsSaid(['delete', 'footage']), 'Sees and deletes');
  assert.equal(tokenRightsSaid(TOKEN_RIGHTS.map(({ right }) => right)), 'Sees, downloads, deletes and manages');
});

test('the last day is said, not the midnight after it', () => {
  assert.equal(words({}).span, 'made 20 November, works until 25 February 2027');
});

test('when it was used, by the day', () => {
  assert.equal(words({}).used, 'never used');
  assert.equal(words({ used_at: at('2026-11-27T00:00:00Z') }).used, 'used today');
  assert.equal(words({ used_at: at('2026-11-25T09:00:00Z') }).used, 'last used 25 November');
  assert.equal(words({}).end, 'End Home automation, made 20 November');
});

test('a token ends with its last day, within a year', () => {
  assert.deepEqual(lastDays(zone, now), { first: '2026-11-27', last: '2027-11-27', usual: '2027-02-25' });
  assert.deepEqual(endOfToken('2026-11-27', zone, now), { at: at('2026-11-27T23:00:00Z') });
  assert.deepEqual(endOfToken('2027-11-27', zone, now), { at: at('2027-11-27T23:00:00Z') });
  for (const wrong of ['', 'x', '2026-02-30', '2026-11-26', '2027-11-28']) assert.ok(endOfToken(wrong, zone, now).error, wrong);
});

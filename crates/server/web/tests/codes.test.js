import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askWords, codeWords, waitWords } from '../lib/codes.js';

const at = (text) => Date.parse(text) * 1000;
const now = at('2026-11-27T10:00:00Z');
const members = [{ id: 'm', name: 'Anna Berg', you: true }, { id: 'n', name: 'Tom Berg', you: false }];
const code = { id: 'c', role: 'viewer', made_by: 'Tom Berg', expires_at: at('2026-11-27T10:15:00Z'), asks: null };
const asks = { email: 'mia@example.org', name: 'Mia', at: at('2026-11-27T09:58:00Z') };
const words = (change) => codeWords({ ...code, ...change }, members, 'Europe/Berlin', now, { twelve: false });

test('a code that waits is told from somebody who asks', () => {
  assert.equal(words({}).title, 'QR code, not used');
  assert.match(words({}).made, /^shown by Tom/);
  assert.equal(words({}).ends, 'ends 11:15');
  const asked = words({ asks });
  assert.deepEqual([asked.title, asked.made, asked.role], ['Mia wants to join', 'mia@example.org', 'as viewer']);
  assert.match(asked.ends, /^asked /);
});

test('the question names who asks, for what, and how to be sure', () => {
  const { title, who, check } = askWords({ ...code, asks }, 'Mill Yard 7');
  assert.equal(title, 'Let Mia in?');
  assert.equal(who, 'mia@example.org (Mia) wants to join Mill Yard 7 as viewer.');
  assert.match(check, /screen of Mia/);
});

test('who asked is told for whom they wait', () => {
  assert.equal(waitWords({ home_name: 'Mill Yard 7', invited_by: 'Anna' }).title, 'Waiting for Anna to confirm');
});

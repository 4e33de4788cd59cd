import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemOf } from '../lib/problem.js';
import { backupSaid, bannerWords, confirmWords, goes, nobodyTicked, toConfirm, toggled, waitingOf, waitingWords } from '../lib/restored.js';
import { startOf } from '../lib/router.js';

const at = (text) => Date.parse(text) * 1000;
const waits = (home_id, role) => ({ home_id, role, name: role === 'owner' ? 'Mill Yard 7' : null, restored_at: 2, as_of: 1 });
const home = {
  name: 'Mill Yard 7',
  members: [{ id: 'a', name: 'Anna', you: true }, { id: 'b', name: 'Ben', you: false }, { id: 'c', name: 'Carla', you: false }],
  shares: [{ id: 's', name: 'Zoe' }, { id: 't', name: 'Ben' }],
  devices: [{ id: 'e', name: 'This server', local: true }, { id: 'd', name: 'Shed', local: false }],
};

test('an owner begins with the home that waits for them', () => {
  const me = { homes: [{ id: 'h1' }], shares: 1, waiting: [waits('h2', 'viewer'), waits('h3', 'owner')] };
  assert.equal(startOf(me), '/h/h3/events');
  assert.equal(startOf({ ...me, waiting: [waits('h2', 'viewer')] }), '/h/h1/events');
  assert.equal(startOf({ homes: [], shares: 1, waiting: [waits('h2', 'adult')] }), '/shared');
  assert.equal(startOf({ homes: [], shares: 0, waiting: [waits('h2', null)] }), '/h/h2/events');
  assert.equal(toConfirm({ waiting: [waits('h2', 'adult')] }), null);
  assert.deepEqual(waitingOf(undefined), []);
});

test('nobody is ticked but who asks and the server’s own agent, and each tick is one decision', () => {
  const none = nobodyTicked(home);
  assert.deepEqual(none, { members: ['a'], shares: [], devices: ['e'] });
  const some = toggled(toggled(none, 'members', 'b'), 'devices', 'd');
  assert.deepEqual(some, { members: ['a', 'b'], shares: [], devices: ['e', 'd'] });
  assert.deepEqual(toggled(some, 'members', 'b').members, ['a']);
  assert.deepEqual(none.members, ['a'], 'what was there stays as it was');
});

test('before it is done it says who goes', () => {
  assert.deepEqual(goes(home, nobodyTicked(home)), { people: ['Ben', 'Carla', 'Zoe'], devices: ['Shed'] });
  const said = confirmWords(home, { members: ['a', 'b'], shares: ['t'], devices: ['e'] }).join(' ');
  assert.match(said, /Carla and Zoe are removed/);
  assert.match(said, /Shed is removed: its cameras/);
  assert.doesNotMatch(said, /Anna|Ben/);
  const all = confirmWords(home, { members: ['a', 'b', 'c'], shares: ['s', 't'], devices: ['d', 'e'] });
  assert.deepEqual(all, ['Everybody and everything of the list stays.', 'Mill Yard 7 gets new keys and is open again.']);
});

test('who cannot confirm is told who must', () => {
  assert.match(waitingWords(waits('h', 'adult')).title, /home waits for its owner/);
  assert.match(waitingWords(waits('h', null)).title, /shared with you waits/);
  assert.match(bannerWords([waits('h1', 'viewer'), waits('h2', 'owner')]).title, /^Mill Yard 7 waits for you/);
  assert.equal(bannerWords([waits('h1', 'viewer')]).href, '/h/h1/events');
  assert.equal(bannerWords([]), null);
});

test('the moment of the backup is told by the clock of the home, with its year if that is another', () => {
  assert.match(backupSaid(at('2026-11-20T23:30:00Z'), 'Europe/Berlin', at('2026-11-23T12:00:00Z')), /21/);
  assert.match(backupSaid(at('2025-11-20T12:00:00Z'), 'Europe/Berlin', at('2026-11-23T12:00:00Z')), /2025/);
});

test('a home that waits is not a role that is missing', async () => {
  const problem = await problemOf(new Response(JSON.stringify({ code: 'restored', status: 403, detail: 'It waits.' }), { status: 403 }));
  assert.equal(problem.notAllowed, false);
  assert.equal(problem.message, 'It waits.');
});

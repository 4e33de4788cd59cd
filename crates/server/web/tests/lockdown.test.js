import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closedBy, closedOrOpened, closedParts, closedTitle, closes, leftOut, lockdownOf, meanwhile } from '../lib/lockdown.js';
import { problemOf } from '../lib/problem.js';
import { whenSaid } from '../lib/time.js';

const ZONE = 'Europe/Berlin';
const at = (text) => Date.parse(text) * 1000;
const NOW = at('2026-11-23T18:41:07Z');
const told = { since: at('2026-11-23T18:20:00Z'), reason: 'We check every opening.', by: 'the operator of this server', scope: 'installation', closes: ['all'] };
const event = (id, text) => ({ id, started_at: at(text) });

test('an answer of 423 is a lockdown, and nothing else is', async () => {
  const answer = (status, body) => new Response(JSON.stringify(body), { status });
  const closed = await problemOf(answer(423, { code: 'locked-down', title: 'Locked down', lockdown: told }));
  assert.equal(closed.lockedDown, true);
  assert.deepEqual(closed.lockdown, told);
  assert.equal(closed.busy, false);
  assert.equal((await problemOf(answer(503, { code: 'busy', lockdown: told }))).lockedDown, false);
  assert.equal((await problemOf(new Response('<h1>Locked</h1>', { status: 423 }))).lockedDown, true);
});

test('what is not told of a lockdown is left blank', () => {
  const blank = { since: 0, reason: '', by: '', scope: 'installation', closes: [] };
  for (const nothing of [undefined, null, {}, { since: 'today', reason: null, scope: 'street', closes: 'all' }]) assert.deepEqual(lockdownOf(nothing), blank);
  assert.equal(closedBy('events', blank, ZONE, NOW), 'They were closed.');
  assert.equal(closedBy('sign-in', blank, ZONE, NOW), 'It was closed.');
});

test('all closes everything, each only itself', () => {
  for (const what of ['thumbnails', 'videos', 'live', 'sign-in']) {
    assert.ok(closes(lockdownOf(told), what));
    assert.ok(closes({ ...told, closes: [what] }, what));
  }
  assert.ok(!closes({ ...told, closes: ['videos', 'live'] }, 'thumbnails'));
  const rows = (lockdown) => closedParts({ ...told, ...lockdown }).map(({ name, closed }) => `${name} ${closed ? 'closed' : 'open'}`);
  assert.deepEqual(rows({}), ['Pictures closed', 'Event videos closed', 'New sign-ins closed']);
  assert.deepEqual(rows({ scope: 'home' }), ['Pictures closed', 'Event videos closed']);
  assert.deepEqual(rows({ closes: ['videos', 'live'] }), ['Pictures open', 'Event videos closed', 'Live pictures closed']);
});

test('a lockdown says what, for whom, by whom and since when', () => {
  assert.equal(closedTitle('events', told), 'Events are closed for now');
  assert.equal(closedTitle('events', { ...told, scope: 'home' }), 'Events of this home are closed for now');
  assert.equal(closedTitle('videos', { ...told, scope: 'camera' }), 'Videos of this camera are closed for now');
  assert.equal(closedTitle('pictures', { ...told, scope: 'camera' }, { several: true }), 'Pictures of a camera are closed for now');
  assert.equal(closedTitle('sign-in', { ...told, scope: 'account' }), 'Signing in is closed to your account for now');
  assert.match(closedBy('events', told, ZONE, NOW), /^The operator of this server closed them today at /);
  assert.match(closedBy('sign-in', { ...told, by: 'operator' }, ZONE, NOW), /^The operator of this server closed it today at /);
  assert.match(closedBy('events', { ...told, by: 'anna@example.org' }, ZONE, NOW), /^anna@example\.org closed them /);
});

test('when, within a sentence, by the clock of the home', () => {
  const said = (text) => whenSaid(at(text), ZONE, NOW, { twelve: false, locale: 'en-GB' }).replace(',', '');
  assert.equal(said('2026-11-23T18:20:00Z'), 'today at 19:20');
  assert.equal(said('2026-11-22T23:10:00Z'), 'today at 00:10');
  assert.equal(said('2026-11-22T22:50:00Z'), 'yesterday at 23:50');
  assert.equal(said('2026-11-20T07:12:00Z'), 'on Friday 20 November at 08:12');
  assert.equal(said('2025-11-23T07:12:00Z'), 'on Sunday 23 November 2025 at 08:12');
});

test('cameras go on, and those that do not are not glossed over', () => {
  const camera = (state, verified = true) => ({ status: { state, verified } });
  assert.deepEqual(meanwhile(undefined), { words: 'go on recording', ok: true });
  assert.deepEqual(meanwhile([camera('records'), camera('records')]), { words: 'go on recording', ok: true });
  assert.deepEqual(meanwhile([camera('records'), camera('offline'), camera('records', false)]), { words: '1 of 3 record', ok: false });
});

test('what a list leaves out is counted', () => {
  assert.equal(leftOut(1), '1 event of a camera that is locked down is not shown.');
  assert.equal(leftOut(12), '12 events of a camera that is locked down are not shown.');
});

test('a list notices that a camera was locked down or opened', () => {
  const known = [event('c', '2026-11-23T12:00:00Z'), event('b', '2026-11-23T11:00:00Z'), event('a', '2026-11-23T10:00:00Z')];
  const page = (events, locked_down, next_cursor = null) => ({ events, locked_down, next_cursor });
  assert.equal(closedOrOpened(known, page(known, 0), 0), false);
  assert.equal(closedOrOpened(known, { events: known, next_cursor: null }, 0), false, 'a server that does not count');
  assert.equal(closedOrOpened(known, page(known.slice(1), 0), 0), false, 'deleted, not closed');
  assert.equal(closedOrOpened(known, page(known.slice(1), 1), 0), true, 'closed');
  assert.equal(closedOrOpened(known.slice(1), page(known, 0), 1), true, 'opened');
  assert.equal(closedOrOpened(known, page(known, 3), 2), false, 'the camera that is closed goes on recording');
  assert.equal(closedOrOpened(known, page([known[0], known[2]], 3), 2), true, 'one more camera is closed');
  assert.equal(closedOrOpened(known, page(known.slice(0, 2), 3, 'more'), 2), false, 'what the first page does not reach');
});

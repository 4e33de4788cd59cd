import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anyGone, groupByDay } from '../lib/days.js';
import { match, secondOf, startOf } from '../lib/router.js';
import {
  camerasSaid, endedSaid, endEffect, endWords, giveUpWords, holderShort, may, mayWords, momentSaid, offerWords, outsideOf, rightsSaid, seenBy, seenByShare, shareOf, shareRights, shareSteps, sharesInOrder, shareWhyTitle,
  spanSaid, stateSaid, sumUp, whyIs, yourRightsSaid, zonesSaid,
} from '../lib/shares.js';
import { fieldOf, instantOfField } from '../lib/time.js';

const ZONE = 'Europe/Berlin';
const at = (text) => Date.parse(text) * 1000;
const NOW = at('2026-11-23T16:30:00Z');
const H24 = { twelve: false };
const driveway = { id: 'c2', name: 'Driveway', created_at: at('2025-05-04T10:00:00Z') };
const gate = { id: 'c4', name: 'Side gate', created_at: at('2025-05-04T10:00:00Z') };
const lawn = { id: 'c3', name: 'Lawn', created_at: at('2025-05-04T10:00:00Z') };
const member = (id, name, more = {}) => ({ id, name, role: 'owner', email: null, since: 0, invited_by: null, you: false, ...more });
const anna = member('m1', 'Anna Berg', { you: true });
const share = (id, name, more = {}) => ({
  id, name, email: `${id}@example.org`, cameras: [driveway], rights: ['footage'], from: null, until: null, now_on: false, made_by: 'Anna Berg', made_at: at('2026-11-20T07:02:00Z'), accepted_at: at('2026-11-20T07:15:00Z'),
  link_ends_at: null, state: 'live', events: 41, opened: 3, ...more,
});
const marta = share('marta', 'Marta Olsen', { now_on: true, until: at('2026-11-30T19:00:00Z') });
const jonas = share('jonas', 'Jonas Pohl', { cameras: [gate], rights: ['footage', 'export'], from: at('2026-11-30T23:00:00Z'), state: 'not-begun', events: 0, opened: 0 });
const waiting = share('w', null, { state: 'waiting', accepted_at: null, link_ends_at: at('2026-11-30T15:20:00Z'), events: 0, opened: 0 });
const people = { role: 'owner', members: [anna, member('m2', 'Tom Lindqvist', { role: 'adult' })], shares: [waiting, jonas, marta] };

test('rights in words, for who shares and for who sees', () => {
  const table = [
    [['footage'], 'Sees, may not download', 'see pictures and event videos', 'see, not download or delete'],
    [['footage', 'export'], 'Sees and downloads', 'see and download pictures and event videos', 'see and download, not delete'],
    [['footage', 'delete'], 'Sees and deletes, may not download', 'see and delete pictures and event videos', 'see and delete, not download'],
    [['footage', 'export', 'delete'], 'Sees, downloads and deletes', 'see, download and delete pictures and event videos', 'see, download and delete'],
  ];
  for (const [rights, said, words, yours] of table) assert.deepEqual([rightsSaid(rights), mayWords(rights), yourRightsSaid(rights)], [said, words, yours]);
  assert.equal(may({ rights: ['export'] }, 'export'), true);
  assert.equal(may({ rights: ['export'] }, 'delete'), false);
  assert.equal(may({}, 'export'), false);
});

test('cameras by name, many by number', () => {
  assert.equal(camerasSaid([driveway, gate]), 'Driveway and Side gate');
  assert.equal(camerasSaid([driveway, gate, lawn, driveway]), '4 cameras');
});

test('moments by the home\'s clock', () => {
  assert.equal(momentSaid(at('2026-11-30T19:00:00Z'), ZONE, NOW, H24), '30 November, 20:00');
  assert.equal(momentSaid(at('2026-11-23T19:00:00Z'), ZONE, NOW, H24), 'today, 20:00');
  assert.equal(momentSaid(at('2026-11-24T19:00:00Z'), ZONE, NOW, H24), 'tomorrow, 20:00');
  assert.equal(momentSaid(at('2027-01-02T19:00:00Z'), ZONE, NOW, H24), '2 January 2027, 20:00');
});

test('a date and time field goes there and back', () => {
  assert.equal(fieldOf(at('2026-11-30T19:05:00Z'), ZONE), '2026-11-30T20:05');
  assert.equal(instantOfField('2026-11-30T20:05', ZONE), at('2026-11-30T19:05:00Z'));
  assert.equal(instantOfField('2026-07-30T20:05', ZONE), at('2026-07-30T18:05:00Z'));
  assert.equal(instantOfField('2026-03-29T02:30', ZONE), at('2026-03-29T01:30:00Z'), 'an hour that does not come');
  for (const bad of ['', '2026-11-30', '2026-02-30T10:00', 'soon']) assert.equal(instantOfField(bad, ZONE), null, bad);
});

test('how a share stands', () => {
  assert.equal(stateSaid(marta, ZONE, NOW, H24), 'opened 3 of 41');
  assert.equal(stateSaid({ ...marta, events: 0, opened: 0 }, ZONE, NOW, H24), 'no event yet');
  assert.equal(stateSaid(jonas, ZONE, NOW, H24), 'begins 1 December');
  assert.equal(stateSaid({ ...jonas, from: at('2026-11-30T07:00:00Z') }, ZONE, NOW, H24), 'begins 30 November, 08:00');
  assert.equal(stateSaid(waiting, ZONE, NOW, H24), 'link ends 30 November');
  assert.equal(stateSaid({ ...waiting, link_ends_at: at('2026-11-22T15:20:00Z') }, ZONE, NOW, H24), 'link ended 22 November');
  assert.deepEqual(sharesInOrder(people.shares).map(({ id }) => id), ['marta', 'jonas', 'w']);
});

test('one sentence sums a share up', () => {
  const base = { who: 'marta@example.org', cameras: [driveway], rights: ['footage'], from: null, nowOn: true, until: at('2026-11-30T19:00:00Z'), zone: ZONE, now: NOW, twelve: false };
  assert.equal(sumUp(base), 'marta@example.org may see pictures and event videos of Driveway, from now on, until 30 November, 20:00. They may not download or delete them. Driveway gets a new key: earlier footage does not open with theirs.');
  assert.equal(sumUp({ ...base, nowOn: false, until: null, rights: ['footage', 'export', 'delete'] }), 'marta@example.org may see, download and delete pictures and event videos of Driveway, also what is there already, until you end it.');
  assert.match(sumUp({ ...base, nowOn: false, from: at('2026-11-30T23:00:00Z'), rights: ['footage', 'export'] }), /, from 1 December, 00:00, until .* They may not delete them\.$/);
  assert.match(sumUp({ ...base, cameras: [driveway, gate] }), / 2 cameras get new keys: earlier /);
  assert.match(sumUp({ ...base, who: ' ' }), /^Who opens the link may /);
  assert.equal(sumUp({ ...base, cameras: [] }), 'Choose at least one camera.');
});

test('names of holders', () => {
  assert.equal(holderShort(marta, people), 'Marta');
  assert.equal(holderShort(waiting, people), 'w@example.org');
  assert.equal(holderShort(marta, { members: [member('m3', 'Marta Berg')], shares: [marta] }), 'Marta Olsen');
  assert.equal(holderShort(marta, { members: [], shares: [marta, { ...marta, id: 'again' }] }), 'Marta', 'two shares of one person');
});

test('why the holder of a share sees a camera', () => {
  const steps = (one, camera) => shareSteps({ share: one, people, camera, home: { zone: ZONE }, now: NOW, twelve: false }).map(({ title, detail, opens }) => [title, detail, opens]);
  assert.equal(shareWhyTitle(marta, driveway, people), 'Why can Marta see Driveway?');
  assert.equal(shareWhyTitle(jonas, gate, people), 'Why will Jonas see Side gate?');
  const [shared, ...rest] = steps(marta, driveway);
  assert.equal(shared[0], 'You shared Driveway with Marta');
  assert.match(shared[1], /^On Friday,? 20 November at 08:02\. Accepted at 08:15\. Signs in as marta@example\.org\.$/);
  assert.equal(shared[2], 'opens Driveway, no other camera');
  assert.deepEqual(rest, [
    ['From then on only', 'Driveway got a new key at 08:02.', 'Earlier footage does not open with theirs'],
    ['Driveway belongs to this home', 'Since 4 May 2025.', 'opens 41 events; Marta has opened 3'],
  ]);
  const begins = steps(jonas, gate);
  assert.deepEqual(begins[1], ['From 1 December, 00:00 only', 'The date is a rule that the server keeps.', 'Earlier footage is closed by that rule']);
  assert.equal(begins[0][2], 'will open Side gate, no other camera');
  assert.equal(begins[2][2], 'opens no event before it begins');
  assert.equal(steps({ ...marta, now_on: false }, driveway).length, 2, 'all there is: nothing to tell of earlier footage');
  assert.equal(steps({ ...marta, cameras: [driveway, gate] }, driveway)[2][2], 'opens 41 events of 2 cameras; Marta has opened 3');
  assert.equal(steps({ ...marta, made_by: 'Tom Lindqvist' }, driveway)[0][0], 'Tom Lindqvist shared Driveway with Marta');
});

test('what the address asks about, and where no chain leads', () => {
  const cameras = [driveway, gate, lawn];
  const asked = (grant, camera) => whyIs({ grant, camera }, people, cameras);
  assert.equal(whyIs(null, people, cameras), null);
  assert.equal(asked('m1', 'c3').member, anna);
  assert.equal(asked('marta', 'c2').share, marta);
  assert.equal(asked('jonas', 'c3').none.title, 'No chain leads from Jonas to Lawn.');
  assert.equal(asked('w', 'c2').none.title, 'No chain leads from w@example.org to Driveway.');
  assert.equal(asked('nobody', 'c2').none.title, 'No chain leads from this person to this camera.');
});

test('may, may not, ends; key and rule are told apart', () => {
  const rights = shareRights(marta, ZONE, NOW, H24);
  assert.equal(rights.may, 'See pictures and event videos');
  assert.equal(rights.mayNot, 'Download, delete, see other cameras');
  assert.match(rights.keptBy, /^Their key opens no other camera\. The rest is a rule/);
  assert.equal(rights.ends, '30 November, 20:00, or when you end it');
  assert.match(rights.endsBy, /^The date is a rule that the server keeps\./);
  const all = shareRights({ ...marta, until: null, rights: ['footage', 'export', 'delete'] }, ZONE, NOW, H24);
  assert.deepEqual([all.mayNot, all.keptBy, all.ends, all.endsBy], ['See other cameras', 'Their key opens no other camera.', 'When you end it', 'Then Driveway gets a new key.']);
});

test('ending states its effect in numbers', () => {
  assert.equal(endEffect(marta, 'Marta'), 'Ending it cuts Marta off at once, a running video too. 1 camera gets a new key.');
  assert.equal(endEffect({ ...marta, cameras: [driveway, gate], rights: ['footage', 'export'] }, 'Marta'), 'Ending it cuts Marta off at once, a running video too. 2 cameras get new keys. What Marta downloaded stays with Marta.');
  assert.match(endEffect(jonas, 'Jonas'), /^Ending it now means that it does not begin\. 1 camera/);
  assert.equal(endWords(marta, 'Marta').title, 'End the share with Marta?');
  assert.equal(endedSaid({ cameras: 1, devices: 2 }, 'Marta'), 'Share with Marta ended. 1 camera and 2 devices got new keys.');
  assert.equal(endedSaid({ cameras: 1, devices: 0 }, 'Marta'), 'Share with Marta ended. 1 camera got a new key.');
  assert.equal(endedSaid({ cameras: 0, devices: 0 }, 'Marta'), 'Share with Marta ended.');
  assert.equal(giveUpWords({ cameras: [driveway], home_name: 'Mill Yard 7', rights: ['footage'] }).text, 'You lose access now, on all devices. To see this camera again you need a new link.');
});

test('an invitation to a share', () => {
  const offer = (cameras, more) => offerWords({ home_name: 'Mill Yard 7', share: { cameras, rights: ['footage'], from: null, until: null, ...more } }, ZONE, NOW, H24);
  assert.deepEqual(offer(['Driveway']), { title: 'A camera is shared with you', what: 'shares Driveway of Mill Yard 7 with you.', can: 'You can see pictures and event videos. You cannot download or delete them.' });
  const two = offer(['Driveway', 'Side gate'], { rights: ['footage', 'export', 'delete'], from: at('2026-11-30T23:00:00Z'), until: at('2026-12-14T23:00:00Z') });
  assert.equal(two.title, '2 cameras are shared with you');
  assert.equal(two.can, 'You can see, download and delete pictures and event videos, from 1 December, 00:00, until 15 December, 00:00.');
});

const mine = (id, more = {}) => ({ id, home_id: 'h1', home_name: 'Mill Yard 7', zone: ZONE, shared_by: 'Anna Berg', cameras: [driveway], rights: ['footage'], from: null, until: null, state: 'live', ...more });

test('what is shared with the account', () => {
  assert.equal(spanSaid(mine('s'), NOW, H24), 'no end');
  assert.equal(spanSaid(mine('s', { until: at('2026-11-30T19:00:00Z') }), NOW, H24), 'until 30 November, 20:00');
  assert.equal(spanSaid(mine('s', { state: 'not-begun', from: at('2026-11-30T23:00:00Z') }), NOW, H24), 'begins 1 December, 00:00');
  const shares = [mine('later', { state: 'not-begun' }), mine('s'), mine('other', { home_id: 'h2' })];
  assert.equal(shareOf(shares, { home_id: 'h1', camera_id: 'c2' }).id, 's', 'the live one');
  assert.equal(shareOf(shares, { home_id: 'h2', camera_id: 'c2' }).id, 'other');
  assert.equal(shareOf(shares, { home_id: 'h1', camera_id: 'c4' }), null);
  assert.match(seenByShare(mine('s'), NOW, H24).more, /^You can see pictures and event videos\. You cannot download or delete them\. No end\.$/);
});

test('times of several homes', () => {
  const london = mine('l', { home_name: 'Wood End', zone: 'Europe/London' });
  assert.equal(zonesSaid([mine('s')], ZONE, NOW), '');
  assert.equal(zonesSaid([mine('s')], 'Europe/London', NOW), 'Times in Berlin');
  assert.equal(zonesSaid([mine('s'), london], ZONE, NOW), 'Times of Wood End in London');
  const events = [{ id: 'b', home_id: 'h1', camera_id: 'c2', started_at: at('2026-11-23T23:30:00Z') }, { id: 'a', home_id: 'h2', camera_id: 'c2', started_at: at('2026-11-23T23:20:00Z') }, { id: 'z', home_id: 'h1', camera_id: 'c2', started_at: at('2026-11-23T23:10:00Z') }];
  const days = groupByDay(events, ({ home_id: home }) => (home === 'h2' ? 'Europe/London' : ZONE));
  assert.deepEqual(days.map(({ day, events: list }) => [day, list.map(({ id }) => id)]), [['2026-11-24', ['b', 'z']], ['2026-11-23', ['a']]], 'each day once');
});

test('what is gone from the first page', () => {
  const event = (id, n) => ({ id, started_at: n });
  assert.equal(anyGone([event('b', 2), event('a', 1)], { events: [event('b', 2)], next_cursor: 'more' }), false, 'the rest is on later pages');
  assert.equal(anyGone([event('b', 2), event('a', 1)], { events: [event('b', 2)], next_cursor: null }), true);
  assert.equal(anyGone([event('b', 2)], { events: [], next_cursor: null }), true);
  assert.equal(anyGone([], { events: [event('b', 2)], next_cursor: null }), false);
});

test('who outside the home sees an event', () => {
  const event = (text, camera = 'c2') => ({ camera_id: camera, started_at: at(text) });
  assert.deepEqual(outsideOf(people.shares, event('2026-11-22T10:00:00Z')), [marta]);
  assert.deepEqual(outsideOf(people.shares, event('2026-11-19T10:00:00Z')), [], 'before its new key');
  assert.deepEqual(outsideOf(people.shares, event('2026-11-22T10:00:00Z', 'c4')), [], 'not begun');
  assert.equal(seenBy(event('2026-11-22T10:00:00Z'), people).more, 'Marta, outside this home, by a share.');
  assert.equal(seenBy(event('2026-11-22T10:00:00Z'), people).text, 'Anna and Tom, as members.');
  assert.equal(seenBy(event('2026-11-19T10:00:00Z'), people).more, 'Nobody outside this home.');
  assert.equal(seenBy(event('2026-11-22T10:00:00Z'), { members: [anna], shares: [], role: 'owner' }).text, 'You, as a member.');
  assert.doesNotMatch(seenBy(event('2026-11-22T10:00:00Z'), { ...people, shares: [], role: 'viewer' }).more, /Nobody/, 'a viewer is not told of shares');
});

test('where an account begins, and the addresses of what is shared', () => {
  assert.equal(startOf({ homes: [{ id: 'h1' }], shares: 2 }), '/h/h1/events');
  assert.equal(startOf({ homes: [], shares: 1 }), '/shared');
  assert.equal(startOf({ homes: [], shares: 0 }), null);
  assert.deepEqual(match('/shared/events/:event', '/shared/events/e1'), { event: 'e1' });
  assert.equal(match('/shared', '/shared/events/e1'), null);
  assert.equal(secondOf('#t=4.2'), 4.2);
  assert.equal(secondOf('#t=x'), null);
});

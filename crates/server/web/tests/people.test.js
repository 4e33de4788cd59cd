import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  aRole, byWhom, gotKeys, initials, inOrder, invitableBy, invitationWords, leaveWords, leaving, mayRemove, newKeys, removeWords, rightsOf, roleQuestion, roleSays, rolesFor, shortName, sinceSaid, waitingWords,
  whyOf, whySteps, whyText, whyTitle,
} from '../lib/people.js';

const ZONE = 'Europe/Berlin';
const at = (text) => Date.parse(text) * 1000;
const NOW = at('2026-11-23T16:30:00Z');
const member = (id, name, role, more = {}) => ({ id, name, role, email: null, since: at('2025-05-03T10:00:00Z'), invited_by: null, you: false, ...more });
const anna = member('m1', 'Anna Berg', 'owner', { you: true });
const tom = member('m2', 'Tom Lindqvist', 'adult', { email: 'tom@example.org', invited_by: 'Anna Berg' });
const lea = member('m3', 'Lea Berg', 'viewer', { since: at('2026-06-01T10:00:00Z'), invited_by: 'Tom Lindqvist' });
const all = [anna, tom, lea];

test('roles in words, and a role of later still has a name', () => {
  assert.equal(roleSays('owner'), 'Owner: sees and manages everything');
  assert.equal(roleSays('adult'), 'Adult: sees, manages, invites');
  assert.equal(roleSays('viewer'), 'Viewer: sees');
  assert.equal(roleSays('guest'), 'guest');
  assert.equal(aRole('owner'), 'an owner');
  assert.deepEqual(rightsOf({ role: 'guest', you: false }).may, '');
});

test('who may invite whom', () => {
  assert.deepEqual(invitableBy('owner'), ['owner', 'adult', 'viewer']);
  assert.deepEqual(invitableBy('adult'), ['adult', 'viewer']);
  assert.deepEqual(invitableBy('viewer'), []);
  assert.deepEqual(invitableBy('guest'), []);
});

test('who may change and remove whom', () => {
  const other = (role) => ({ role, you: false });
  const table = [
    ['owner', 'owner', ['adult', 'viewer'], true],
    ['owner', 'adult', ['owner', 'viewer'], true],
    ['owner', 'viewer', ['owner', 'adult'], true],
    ['adult', 'owner', [], false],
    ['adult', 'adult', ['viewer'], true],
    ['adult', 'viewer', ['adult'], true],
    ['viewer', 'owner', [], false],
    ['viewer', 'adult', [], false],
    ['viewer', 'viewer', [], false],
  ];
  for (const [asker, role, roles, remove] of table) {
    assert.deepEqual(rolesFor(asker, other(role)), roles, `${asker} changes ${role}`);
    assert.equal(mayRemove(asker, other(role)), remove, `${asker} removes ${role}`);
    assert.deepEqual(rolesFor(asker, { role, you: true }), [], 'not oneself');
    assert.equal(mayRemove(asker, { role, you: true }), false, 'oneself leaves');
  }
});

test('a home keeps an owner', () => {
  assert.equal(leaving([anna]), 'alone');
  assert.equal(leaving(all), 'hand-over');
  assert.equal(leaving([anna, { ...tom, role: 'owner' }]), 'may');
  assert.equal(leaving([{ ...anna, you: false }, { ...lea, you: true }]), 'may');
  assert.equal(leaving([tom, lea]), 'alone', 'who is not in the list has nothing to leave');
});

test('names', () => {
  assert.equal(initials('Anna Berg'), 'AB');
  assert.equal(initials('  ann marie de Vries '), 'AV');
  assert.equal(initials('𝔄nna'), '𝔄');
  assert.equal(initials(''), '');
  assert.equal(shortName(tom, all), 'Tom');
  assert.equal(shortName(tom, [...all, member('m4', 'Tom Berg', 'viewer')]), 'Tom Lindqvist');
  assert.deepEqual(inOrder([lea, tom, member('m5', 'Ben Berg', 'owner'), anna]).map(({ id }) => id), ['m1', 'm5', 'm2', 'm3']);
  assert.equal(byWhom('Anna Berg', all), 'you');
  assert.equal(byWhom('Anna Berg', [...all, member('m4', 'Anna Berg', 'viewer')]), 'Anna Berg', 'two of one name');
  assert.equal(byWhom('Jonas Pohl', all), 'Jonas Pohl', 'somebody who has left');
});

test('what cannot be undone states its effect in numbers', () => {
  assert.equal(removeWords('Tom', 4).title, 'Remove Tom?');
  assert.equal(removeWords('Tom', 4).text, 'Tom loses access now, on all devices. 4 cameras get new keys. Open invitations and pairing codes end. What Tom downloaded stays with Tom.');
  assert.equal(leaveWords('Mill Yard 7').text, 'You lose access now, on all devices. The home gets new keys when an owner or adult is there next. What you downloaded stays with you. To come back you need a new invitation.');
  assert.equal(newKeys(0), 'The home gets a new key.');
  assert.equal(gotKeys(4), '4 cameras got new keys.');
  assert.equal(gotKeys(1), '1 camera got a new key.');
  assert.equal(gotKeys(0), '');
  assert.match(roleQuestion('Tom', 'viewer', 4).text, /The home and its 4 cameras get new keys\. Open invitations and pairing codes end\.$/);
  assert.equal(roleQuestion('Tom', 'viewer', 0).danger, true);
  assert.equal(roleQuestion('Tom', 'owner', 4).danger, false);
  assert.equal(roleQuestion('Lea', 'adult', 4), null, 'it can be changed back');
});

test('an invitation that waits', () => {
  const invitation = { id: 'i', email: 'jonas@example.org', role: 'viewer', made_by: 'Anna Berg', made_at: at('2026-11-23T15:20:00Z'), expires_at: at('2026-11-30T15:20:00Z') };
  const words = invitationWords(invitation, all, ZONE, NOW);
  assert.equal(words.title, 'Invitation for jonas@example.org, not used');
  assert.match(words.made, /^made by you today at /);
  assert.equal(words.role, 'as viewer');
  assert.equal(words.ends, 'ends 30 November');
  assert.equal(invitationWords({ ...invitation, expires_at: at('2026-11-22T15:20:00Z') }, all, ZONE, NOW).ends, 'ended 22 November');
  assert.equal(invitationWords({ ...invitation, expires_at: at('2027-01-02T15:20:00Z') }, all, ZONE, NOW).ends, 'ends 2 January 2027');
});

test('key and rule are told apart while devices are away', () => {
  assert.deepEqual(waitingWords(['garage-pi']), { title: 'garage-pi has not fetched its new keys yet.', text: 'Until it has, what it records is closed to who was removed by rule, not yet by key.' });
  assert.equal(waitingWords(['garage-pi', 'gate-cam']).title, 'garage-pi and gate-cam have not fetched their new keys yet.');
});

test('the address of a why', () => {
  assert.deepEqual(whyOf(whyText('m1', 'c1')), { grant: 'm1', camera: 'c1' });
  for (const bad of [null, '', 'm1', '.c1', 'm1.', 'm1.c1.x']) assert.equal(whyOf(bad), null, String(bad));
});

test('why somebody sees a camera', () => {
  const camera = { id: 'c1', name: 'Driveway', created_at: at('2025-05-04T10:00:00Z'), events: 41 };
  const steps = (who, more = {}) => whySteps({ member: who, members: all, camera: { ...camera, ...more }, home: { zone: ZONE } });
  assert.equal(whyTitle(lea, camera, all), 'Why can Lea see Driveway?');
  assert.equal(whyTitle(anna, camera, all), 'Why can you see Driveway?');
  assert.deepEqual(steps(lea).map(({ title, detail, opens }) => [title, detail, opens]), [
    ['Lea is a viewer of this home', 'Member since 1 June 2026, invited by Tom Lindqvist.', 'opens the home, for viewing'],
    ['Driveway belongs to this home', 'Since 4 May 2025.', 'opens its 41 events'],
  ]);
  assert.equal(steps(tom)[0].detail, 'Member since 3 May 2025, invited by you. Signs in as tom@example.org.');
  assert.equal(steps(tom)[0].opens, 'opens the home’s key');
  assert.equal(steps(anna)[0].title, 'You are an owner of this home');
  assert.equal(steps(anna)[0].detail, 'Member since 3 May 2025.');
  assert.equal(steps(anna, { events: 1 })[1].opens, 'opens its 1 event');
  assert.equal(steps(anna, { events: 0 })[1].opens, 'opens its events');
  assert.equal(sinceSaid(at('2025-12-31T23:30:00Z'), ZONE), '1 January 2026', 'the home\'s day');
});

test('may, may not, ends', () => {
  assert.equal(rightsOf(anna).mayNot, '');
  assert.equal(rightsOf(anna).ends, 'When you leave or are removed');
  assert.match(rightsOf(tom).keptBy, /rule/);
  assert.match(rightsOf(lea).keptBy, /key/);
  assert.match(rightsOf(lea).mayNot, /^Delete/);
  assert.equal(rightsOf(lea).ends, 'When they leave or are removed');
});

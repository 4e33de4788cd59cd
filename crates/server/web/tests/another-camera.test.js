import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anotherOf, differences, heardNoPassword, isUnreadable } from '../lib/another-camera.js';
import { cameraState, summary } from '../lib/camera-state.js';
import { faultWords, knownFaults } from '../lib/faults.js';

const another = (...differs) => ({ fingerprint: 'ab'.repeat(32), differs });
const camera = (state, fault, found) => ({ name: 'Lawn', status: { state, fault, since: 1, verified: true, another: found } });

test('what differs has words, and what has none is still shown', () => {
  assert.deepEqual(differences(another({ part: 'realm', known: 'Login to 4K04B2', seen: null }, { part: 'colour', known: null, seen: 'red' })), [
    { what: 'It calls itself', was: 'Login to 4K04B2', is: 'nothing' },
    { what: 'colour', was: 'nothing', is: 'red' },
  ]);
  assert.deepEqual(differences(null), []);
});

test('damage is no difference, and is told apart', () => {
  const lost = another({ part: 'kept', known: null, seen: null });
  assert.equal(isUnreadable(lost), true);
  assert.deepEqual(differences(lost), []);
  assert.equal(isUnreadable(another({ part: 'realm', known: 'a', seen: 'b' })), false);
});

test('the page says truly whether the password was used', () => {
  const of = (...parts) => heardNoPassword(another(...parts.map((part) => ({ part, known: 'a', seen: 'b' }))));
  assert.deepEqual([of('tls-key'), of('realm'), of('sign-in'), of('server', 'tool'), of('kept'), of('tool'), of('origin', 'session'), of()], [true, true, true, true, true, false, false, false]);
});

test('there is something to say yes to only while another camera answers', () => {
  const found = another({ part: 'realm', known: 'a', seen: 'b' });
  assert.equal(anotherOf(camera('offline', 'another-camera', found)), found);
  assert.equal(anotherOf(camera('offline', 'another-camera', null)), null, 'who may not change cameras is told no more');
  assert.equal(anotherOf(camera('records', null, found)), null);
  assert.equal(anotherOf(camera('offline', 'no-answer', found)), null);
});

test('it troubles the home and is not called unreachable', () => {
  const lawn = camera('offline', 'another-camera', null);
  assert.deepEqual(cameraState(lawn), { tone: 'bad', icon: 'x-circle-fill', word: 'Another camera', troubled: true, since: true });
  assert.equal(summary([lawn]).trouble, 'Lawn: another camera');
  assert.ok(knownFaults.includes('another-camera'));
  assert.match(faultWords('another-camera').problem, /not the camera that was added/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultWords, knownFaults, pathOf, splitAddress, withPath } from '../lib/faults.js';
import { barsOf, frameAt, middleOf, tickStep } from '../lib/motion.js';
import { retryAfterSeconds } from '../lib/problem.js';
import { match, safeReturn } from '../lib/router.js';
import { base64url, cookieValue } from '../lib/session.js';
import { bytes, cameraNameError, clipName, count, labelWords, whoSays, listed, lostWords, offset, rate } from '../lib/words.js';

test('numbers as people write them', () => {
  assert.equal(count(1, 'event'), '1 event');
  assert.equal(count(35, 'event'), '35 events');
  assert.equal(bytes(48e9), '48 GB');
  assert.equal(bytes(1.25e9), '1.3 GB');
  assert.equal(bytes(999_999), '1 MB');
  assert.equal(rate(412_000), '0.4 Mbit/s');
  assert.equal(offset(4), '4 ms');
  assert.equal(offset(-210), '0.2 s');
  assert.equal(listed(['Anna', 'Tom', 'Lea']), 'Anna, Tom and Lea');
  assert.equal(listed(['Anna']), 'Anna');
});

test('what a camera lost, of a device that counts packets and of one that does not', () => {
  assert.equal(lostWords({ lost_frames: 0, lost_packets: 0 }), 'nothing lost');
  assert.equal(lostWords({ lost_frames: 0, lost_packets: null }), 'nothing lost');
  assert.equal(lostWords({ lost_frames: 1, lost_packets: null }), '1 frame lost');
  assert.equal(lostWords({ lost_frames: 3, lost_packets: 12 }), '3 frames and 12 packets lost');
  assert.equal(lostWords({ lost_frames: 0, lost_packets: 1 }), '1 packet lost');
});

test('labels have a name, known or not', () => {
  assert.deepEqual(labelWords('person'), { name: 'Person', icon: 'person-simple-walk' });
  assert.equal(labelWords('bicycle').name, 'Bicycle');
});

test('clips are named by the home\'s clock', () => {
  assert.equal(clipName('2026-11-23', { hour: 14, minute: 32, second: 8 }, 'Main path'), '2026-11-23_14-32-08_Main-path.mp4');
  assert.equal(clipName('2026-11-23', { hour: 4, minute: 2, second: 8 }, '../Tür / 1'), '2026-11-23_04-02-08_Tür-1.mp4');
});

test('every fault of the contract has words', () => {
  const contract = 'no-answer connection-refused name-unknown unreachable not-rtsp unauthorized no-such-path busy refused no-video codec-not-supported no-key-frame stalled closed broken tls-failed agent-away queue-full quieted'.split(' ');
  for (const fault of contract) assert.ok(knownFaults.includes(fault), fault);
  assert.equal(faultWords('something new').pill, 'Not reached');
  assert.ok(!Object.values(contract.map(faultWords)).some(({ problem, remedy }) => /!|oops/i.test(problem + remedy)));
});

test('addresses of cameras', () => {
  assert.deepEqual(splitAddress('rtsp://view:p%40ss@192.168.1.40:554/stream1'), { address: 'rtsp://192.168.1.40:554/stream1', user: 'view', password: 'p@ss' });
  assert.deepEqual(splitAddress('192.168.1.40/live'), { address: 'rtsp://192.168.1.40/live', user: null, password: null });
  assert.deepEqual(splitAddress('rtsps://view:x@cam.lan/live'), { address: 'rtsps://cam.lan/live', user: 'view', password: 'x' });
  assert.equal(withPath('rtsp://10.0.0.2:554/a?b=1', '/stream1'), 'rtsp://10.0.0.2:554/stream1');
  assert.equal(pathOf('rtsp://10.0.0.2/a?b=1'), '/a?b=1');
  assert.equal(pathOf('rtsp://10.0.0.2'), '/');
});

test('frames', () => {
  assert.equal(frameAt(5.2, 120, 12), 52);
  assert.equal(frameAt(12, 120, 12), 119);
  for (let frame = 0; frame < 120; frame += 1) assert.equal(frameAt(middleOf(frame, 120, 12), 120, 12), frame);
  assert.equal(frameAt(1, 0, 12), 0);
});

test('bars take the strongest sample and bridge sparse ones', () => {
  assert.deepEqual(barsOf([[0, 0], [400, 255], [450, 51], [900, 102]], 1000, 5), [0, 0, 1, 1, 0.4]);
  assert.deepEqual(barsOf([[0, 25], [500, 50]], 1000, 2), [0.5, 1]);
  assert.deepEqual(barsOf([[0, 1], [500, 6]], 1000, 2), [1 / 24, 0.25]);
  assert.equal(tickStep(12, 984, 60), 1);
  assert.equal(tickStep(12, 320, 60), 3);
});

test('Retry-After in both forms, bounded', () => {
  assert.equal(retryAfterSeconds('12'), 12);
  assert.equal(retryAfterSeconds(null), 0);
  assert.equal(retryAfterSeconds('999999'), 3600);
  assert.equal(retryAfterSeconds('Mon, 23 Nov 2026 16:06:30 GMT', Date.UTC(2026, 10, 23, 16, 6, 0)), 30);
  assert.equal(retryAfterSeconds('soon'), 0);
});

test('addresses of pages', () => {
  assert.deepEqual(match('/h/:home/events/:event', '/h/a/events/b'), { home: 'a', event: 'b' });
  assert.equal(match('/h/:home/events', '/h/a/cameras'), null);
  assert.deepEqual(match('/', '/'), {});
  assert.equal(match('/h/:home/events', '/h//events'), null);
});

test('sign-in returns to our own pages only', () => {
  assert.equal(safeReturn('/h/a/events?day=2026-11-23'), '/h/a/events?day=2026-11-23');
  for (const bad of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', '/sign-in?to=/', '/setup', '/invite', null, '']) assert.equal(safeReturn(bad), '/');
});

test('the page\'s half', () => {
  assert.equal(base64url(new Uint8Array([251, 255, 191])), '-_-_');
  assert.equal(base64url(new Uint8Array(32)).length, 43);
  assert.equal(cookieValue('a=1; own-p=xyz; b=2', 'own-p'), 'xyz');
  assert.equal(cookieValue('aown-p=xyz', 'own-p'), null);
});

test('a camera has a name that no other of its home has', () => {
  assert.equal(cameraNameError('', ['Porch']), 'Give the camera a name.');
  assert.equal(cameraNameError('Porch', ['Porch']), 'Another camera of this home has this name.');
  assert.equal(cameraNameError('Gate', ['Porch']), null);
});

test('who says what an event is about, unless it is that something moved', () => {
  assert.equal(whoSays('motion', 'agent'), null);
  assert.equal(whoSays('motion', 'camera'), 'says the camera');
  assert.equal(whoSays('person', 'camera'), 'says the camera');
  assert.equal(whoSays('person', 'agent'), 'says the agent');
  assert.deepEqual(labelWords('parcel'), { name: 'Parcel', icon: 'package' });
});

import assert from 'node:assert/strict';
import test from 'node:test';
import { hasSound, soundOffered, soundWords } from '../lib/sound.js';

test('a browser that says so is believed', () => {
  assert.equal(hasSound({ mozHasAudio: true }), true);
  assert.equal(hasSound({ mozHasAudio: false, currentTime: 0 }), false);
  assert.equal(hasSound({ audioTracks: { length: 1 }, webkitAudioDecodedByteCount: 0 }), true);
  assert.equal(hasSound({ audioTracks: { length: 0 }, webkitAudioDecodedByteCount: 0 }), false);
});

test('one that counts what it decodes is given time to', () => {
  assert.equal(hasSound({ webkitAudioDecodedByteCount: 0, currentTime: 0 }), null);
  assert.equal(hasSound({ webkitAudioDecodedByteCount: 12, currentTime: 0 }), true);
  assert.equal(hasSound({ webkitAudioDecodedByteCount: 0, currentTime: 0.6 }), false);
  assert.equal(hasSound({ currentTime: 5 }), null);
});

test('what is not known is not said', () => {
  assert.deepEqual([null, true, false].map(soundWords), ['', ', with sound', ', no sound']);
});

test('sound is offered where a test found one that can be recorded', () => {
  const steps = (detail) => [{ detail: '192.168.1.40, port 554' }, { detail }];
  assert(soundOffered(steps('1 video, sound (G.711) recorded if switched on')));
  assert(!soundOffered(steps('1 video, sound (G.726) not recorded: only AAC, G.711 and PCM are')));
  assert(!soundOffered(steps('1 video')) && !soundOffered([{}]));
});

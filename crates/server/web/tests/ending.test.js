import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteAccountWords, deleteHomeWords, isNameOf, ownedOf } from '../lib/ending.js';

const mill = { name: 'Mill Yard 7', events: 56, used_bytes: 48e9, role: 'owner' };
const cabin = { name: 'Cabin', events: 0, used_bytes: 0, role: 'adult' };

test('the end of a home states its effect in numbers', () => {
  const said = (home, known) => {
    const { text, numbers } = deleteHomeWords(home, known);
    return text + numbers;
  };
  assert.equal(deleteHomeWords(mill, {}).title, 'Delete Mill Yard 7?');
  assert.equal(said(mill, { cameras: 4, members: 3 }), 'Erased at once, for its 3 members: 4 cameras, 56 events, 48 GB.');
  assert.equal(said({ ...mill, events: 1, used_bytes: 400_000 }, { cameras: 1, members: 1 }), 'Erased at once, for you, its only member: 1 camera, 1 event, 400 kB.');
  assert.equal(said(mill, {}), 'Erased at once, for every member: 56 events, 48 GB.', 'what is not known is not said');
  assert.equal(said(cabin, { cameras: 0, members: 2 }), 'The home is erased at once, for its 2 members.');
  assert.match(deleteHomeWords(mill, {}).end, /^Nothing of it can be brought back; backups keep it until they are deleted\./);
});

test('the name that is typed', () => {
  assert.equal(isNameOf('Mill Yard 7', 'Mill Yard 7'), true);
  assert.equal(isNameOf(' Mill Yard 7 ', 'Mill Yard 7'), true);
  assert.equal(isNameOf('Mu\u0308hle', 'M\u00fchle'), true, 'one letter, composed or not');
  for (const other of ['', 'mill yard 7', 'Mill Yard', 'Mill Yard 77', 'MillYard 7']) assert.equal(isNameOf(other, 'Mill Yard 7'), false, other);
});

test('what goes with an account', () => {
  assert.equal(deleteAccountWords([mill, cabin]).text, 'Your e-mail address, password and all sessions are erased. You leave 2 homes, which stay with their members. Where you invited somebody, your name stays.');
  assert.equal(deleteAccountWords([mill]).text, 'Your e-mail address, password and all sessions are erased. You leave Mill Yard 7, which stays with its members. Where you invited somebody, your name stays.');
  assert.equal(deleteAccountWords([]).text, 'Your e-mail address, password and all sessions are erased. Where you invited somebody, your name stays.');
  assert.deepEqual(ownedOf([mill, cabin]), [mill]);
});

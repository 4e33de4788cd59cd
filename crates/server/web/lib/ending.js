import { bytes, count } from './words.js';

/** The end of a home and of an account: what goes, what stays. Everything here is pure; the server decides. */

/**
 * The question before a home is deleted. What is not known yet is left out of its numbers.
 * @param {{name: string, events: number, used_bytes: number}} home
 * @param {{cameras?: number, members?: number}} known
 */
export function deleteHomeWords({ name, events, used_bytes: used }, { cameras, members }) {
  const whom = members === 1 ? 'for you, its only member' : members ? `for its ${count(members, 'member')}` : 'for every member';
  const numbers = [cameras && count(cameras, 'camera'), events && count(events, 'event'), used && bytes(used)].filter(Boolean);
  return {
    title: `Delete ${name}?`,
    text: numbers.length ? `Erased at once, ${whom}: ` : `The home is erased at once, ${whom}.`,
    numbers: numbers.length ? `${numbers.join(', ')}.` : '',
    then: 'Its devices are turned away.',
    end: 'Nothing of it can be brought back; backups keep it until they are deleted. What was downloaded stays where it is.',
  };
}

/** Whether what was typed is the home's name. Space around it and how a letter is composed do not count. @param {string} typed @param {string} name */
export function isNameOf(typed, name) {
  const plain = (text) => text.normalize('NFC').trim();
  return plain(typed) === plain(name);
}

/**
 * What goes with an account.
 * @param {{name: string}[]} homes those that it is in
 */
export function deleteAccountWords(homes) {
  const [first, ...more] = homes;
  const leaves = more.length ? ` You leave ${count(homes.length, 'home')}, which stay with their members.` : first ? ` You leave ${first.name}, which stays with its members.` : '';
  return {
    text: `Your e-mail address, password and all sessions are erased.${leaves} Where you invited somebody, your name stays.`,
    end: 'It happens at once and cannot be undone. To come back you need a new invitation.',
  };
}

/** The homes of which the account may be the only owner. @template {{role: string}} H @param {H[]} homes @returns {H[]} */
export const ownedOf = (homes) => homes.filter(({ role }) => role === 'owner');

import { clock, dateName, dayOf } from './time.js';
import { listed } from './words.js';

/**
 * Homes that came back from a backup, and who still belongs to them. Everything here is pure.
 * @typedef {{home_id: string, role: string | null, name: string | null, restored_at: number, as_of: number}} Waiting
 * @typedef {{members: string[], shares: string[], devices: string[]}} Ticked ids of those who still belong
 */

/** @param {{waiting?: Waiting[]} | undefined} me @returns {Waiting[]} */
export const waitingOf = (me) => me?.waiting ?? [];

/** The one that is asked about first: an owner's own. @param {{waiting?: Waiting[]} | undefined} me @returns {Waiting | null} */
export const toConfirm = (me) => waitingOf(me).find(({ role }) => role === 'owner') ?? null;

/** @param {string} home */
export const waitingPath = (home) => `/h/${home}/events`;

/** The moment of the backup, as people say it. @param {number} at @param {string} zone @param {number} now */
export function backupSaid(at, zone, now) {
  return `${dateName(dayOf(at, zone), { thisYear: dayOf(now, zone).slice(0, 4) })}, ${clock(at, zone)}`;
}

/** What somebody reads who cannot confirm. @param {Waiting} waiting */
export function waitingWords({ role }) {
  return role
    ? { title: 'This home waits for its owner', text: 'This server was restored from a backup. Until an owner of the home has said who still belongs to it, nobody sees anything of it.' }
    : { title: 'A camera that was shared with you waits for its owner', text: 'This server was restored from a backup. Until an owner of the home has said with whom it still shares cameras, nobody sees anything of them.' };
}

/** The owner's homes come first, then those where somebody else must act. @param {Waiting[]} waiting */
export function bannerWords(waiting) {
  const own = waiting.find(({ role }) => role === 'owner');
  if (own) return { title: `${own.name} waits for you.`, text: 'It was restored from a backup.', link: 'Say who still belongs to it', href: waitingPath(own.home_id) };
  const [first] = waiting;
  return first ? { title: `${waitingWords(first).title}.`, text: 'It was restored from a backup.', link: 'What this means', href: waitingPath(first.home_id) } : null;
}

/** What is no question: who asks, and what runs in the server itself. @param {{you?: boolean, local?: boolean}} item */
export const stays = ({ you, local }) => Boolean(you || local);

/** Nothing else is ticked: each of the others is a decision. @param {any} home the answer of the API @returns {Ticked} */
export function nobodyTicked({ members, devices }) {
  const ids = (list) => list.filter(stays).map(({ id }) => id);
  return { members: ids(members), shares: [], devices: ids(devices) };
}

/** @param {Ticked} ticked @param {keyof Ticked} part @param {string} id @returns {Ticked} */
export function toggled(ticked, part, id) {
  const has = ticked[part].includes(id);
  return { ...ticked, [part]: has ? ticked[part].filter((other) => other !== id) : [...ticked[part], id] };
}

/** Names of those who go. @param {any} home @param {Ticked} ticked */
export function goes(home, ticked) {
  const names = (part) => home[part].filter(({ id }) => !ticked[part].includes(id)).map(({ name }) => name);
  return { people: [...new Set([...names('members'), ...names('shares')])], devices: names('devices') };
}

/** What is asked before it is done. @param {any} home @param {Ticked} ticked */
export function confirmWords(home, ticked) {
  const { people, devices } = goes(home, ticked);
  return [
    people.length > 0 && `${listed(people)} ${people.length === 1 ? 'is' : 'are'} removed and cannot see anything of ${home.name} any more.`,
    devices.length > 0 && `${listed(devices)} ${devices.length === 1 ? 'is' : 'are'} removed: ${devices.length === 1 ? 'its' : 'their'} cameras are not recorded until they are paired anew.`,
    !people.length && !devices.length && 'Everybody and everything of the list stays.',
    `${home.name} gets new keys and is open again.`,
  ].filter(Boolean);
}

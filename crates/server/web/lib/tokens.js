import { addDays, boundsOf, dateName, dayOf, isDay } from './time.js';
import { listed } from './words.js';

/**
 * Tokens of programs, in words. Everything here is pure; the server decides.
 * @typedef {'footage' | 'export' | 'delete' | 'manage'} TokenRight
 * @typedef {{id: string, name: string, rights: TokenRight[], created_at: number, expires_at: number, used_at: number | null}} Token
 */

/** In the order in which they are offered. @type {{right: TokenRight, name: string, about: string, does: string}[]} */
export const TOKEN_RIGHTS = [
  { right: 'footage', name: 'See', about: 'Lists, pictures, event videos, and when something happens', does: 'sees' },
  { right: 'export', name: 'Download', about: 'Event videos as files', does: 'downloads' },
  { right: 'delete', name: 'Delete', about: 'Events, for everybody in the home', does: 'deletes' },
  { right: 'manage', name: 'Manage', about: 'Cameras, devices, people and the home, as far as you may', does: 'manages' },
];

/** A year, and no more. */
const DAYS_MAX = 365;

/** `Sees and downloads`. @param {TokenRight[]} rights */
export function tokenRightsSaid(rights) {
  const does = listed(TOKEN_RIGHTS.filter(({ right }) => rights.includes(right)).map(({ does: verb }) => verb));
  return does.slice(0, 1).toUpperCase() + does.slice(1);
}

/**
 * @param {Token} token
 * @param {string} zone
 * @param {number} now
 * @param {{locale?: string}} [options] for tests
 */
export function tokenWords({ name, rights, created_at: made, expires_at: ends, used_at: used }, zone, now, { locale } = {}) {
  const date = (at) => dateName(dayOf(at, zone), { thisYear: dayOf(now, zone).slice(0, 4), locale });
  return {
    may: tokenRightsSaid(rights),
    // A day ends where the next one begins.
    span: `made ${date(made)}, works until ${date(ends - 1)}`,
    used: used === null ? 'never used' : dayOf(used, zone) === dayOf(now, zone) ? 'used today' : `last used ${date(used)}`,
    // Several may have the same name.
    end: `End ${name}, made ${date(made)}`,
  };
}

/** The days that may be chosen as the last, and the one that is there at first. @param {string} zone @param {number} now */
export function lastDays(zone, now) {
  const today = dayOf(now, zone);
  return { first: today, last: addDays(today, DAYS_MAX), usual: addDays(today, 90) };
}

/**
 * When a token ends whose last day is this one, or what is wrong with it.
 * @param {string} day
 * @param {string} zone
 * @param {number} now
 * @returns {{at: number} | {error: string}}
 */
export function endOfToken(day, zone, now) {
  const { first, last } = lastDays(zone, now);
  if (!isDay(day)) return { error: 'Choose the last day on which it works.' };
  if (day < first) return { error: 'This day is over. Choose a later one.' };
  if (day > last) return { error: 'A token works for a year at most. Choose an earlier day.' };
  const [, end] = boundsOf(day, zone);
  return { at: end };
}

import { recordingOf } from './camera-state.js';
import { anyGone } from './days.js';
import { whenSaid } from './time.js';
import { count } from './words.js';

/**
 * What an operator has closed, as a problem with status 423 says it. Everything here is pure.
 * @typedef {'thumbnails' | 'videos' | 'live' | 'sign-in' | 'all'} Closable
 * @typedef {{since: number, reason: string, by: string, scope: 'installation' | 'home' | 'camera' | 'account', closes: Closable[]}} Lockdown
 * `since`: microseconds, 0 if it is not known
 */

const SCOPES = ['installation', 'home', 'camera', 'account'];

/** What is told of a lockdown, with blanks for what is not. @param {any} told @returns {Lockdown} */
export function lockdownOf(told) {
  return {
    since: Number.isFinite(told?.since) ? told.since : 0,
    reason: String(told?.reason ?? '').trim(),
    by: String(told?.by ?? '').trim(),
    scope: SCOPES.includes(told?.scope) ? told.scope : 'installation',
    closes: Array.isArray(told?.closes) ? told.closes : [],
  };
}

/** Everything is closed where all is. @param {Lockdown} lockdown @param {Closable} what */
export function closes({ closes: closed }, what) {
  return closed.includes(what) || closed.includes('all');
}

const THINGS = {
  events: { name: 'Events', are: 'are', them: 'them' },
  pictures: { name: 'Pictures', are: 'are', them: 'them' },
  videos: { name: 'Videos', are: 'are', them: 'them' },
  'sign-in': { name: 'Signing in', are: 'is', them: 'it' },
};

/**
 * `Events are closed for now`, and for whom, if not for everybody.
 * @param {keyof THINGS} what
 * @param {Lockdown} lockdown
 * @param {{several?: boolean}} [options] `several`: other cameras stand beside it
 */
export function closedTitle(what, { scope }, { several = false } = {}) {
  const { name, are } = THINGS[what];
  const of = { home: ' of this home', camera: several ? ' of a camera' : ' of this camera' }[scope] ?? '';
  return `${name}${of} ${are} closed ${scope === 'account' ? 'to your account ' : ''}for now`;
}

/**
 * `The operator of this server closed them today at 19:20.`
 * @param {keyof THINGS} what
 * @param {Lockdown} lockdown
 * @param {string} zone
 * @param {number} now microseconds
 */
export function closedBy(what, { by, since }, zone, now) {
  const { them, are } = THINGS[what];
  const when = since ? ` ${whenSaid(since, zone, now)}` : '';
  if (!by) return `${them === 'it' ? 'It' : 'They'} ${are === 'is' ? 'was' : 'were'} closed${when}.`;
  return `${whoSaid(by)} closed ${them}${when}.`;
}

/** Who, as a sentence begins. An address or the name of a user stays as it is. @param {string} by */
function whoSaid(by) {
  if (/^(the )?operator$/i.test(by)) return 'The operator of this server';
  return /^(the|an?) /.test(by) ? by.charAt(0).toUpperCase() + by.slice(1) : by;
}

/**
 * What is closed and what is not, in rows.
 * @param {Lockdown} lockdown
 * @returns {{icon: string, name: string, closed: boolean}[]}
 */
export function closedParts(lockdown) {
  return [
    { icon: 'image', name: 'Pictures', closed: closes(lockdown, 'thumbnails') },
    { icon: 'film-strip', name: 'Event videos', closed: closes(lockdown, 'videos') },
    // There is nothing live to see in this app; it is said where it is closed by name.
    lockdown.closes.includes('live') && { icon: 'monitor', name: 'Live pictures', closed: true },
    // Nobody signs in to a home or a camera.
    ['installation', 'account'].includes(lockdown.scope) && closes(lockdown, 'sign-in') && { icon: 'user-circle', name: 'New sign-ins', closed: true },
  ].filter(Boolean);
}

/** What the cameras do meanwhile. @param {any[] | undefined} cameras @returns {{words: string, ok: boolean}} */
export function meanwhile(cameras) {
  const { recording, of } = recordingOf(cameras ?? []);
  if (recording === of) return { words: 'go on recording', ok: true };
  return { words: `${recording} of ${of} ${of === 1 ? 'records' : 'record'}`, ok: false };
}

/** The line above a list from which a lockdown takes something. @param {number} n */
export function leftOut(n) {
  return `${count(n, 'event')} of a camera that is locked down ${n === 1 ? 'is' : 'are'} not shown.`;
}

/**
 * Whether a look at the list's first page tells that a camera was locked down or opened, so that all that is loaded must be read again.
 * @param {{id: string, started_at: number}[]} known what is loaded
 * @param {{events: {id: string, started_at: number}[], next_cursor: string | null, locked_down?: number}} page
 * @param {number} before what the first page left out when it was read
 */
export function closedOrOpened(known, page, before) {
  const now = page.locked_down ?? 0;
  if (now > 0 !== before > 0) return true;
  return now > 0 && anyGone(known, page);
}

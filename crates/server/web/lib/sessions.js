import { clock, dateName, dayOf } from './time.js';
import { count } from './words.js';

/**
 * Who is signed in to an account, in words. Everything here is pure; the server decides.
 * @typedef {{id: string, kind: 'cookie' | 'bearer', client: string | null, created_at: number, expires_at: number, this: boolean, noticed: boolean}} Session
 */

/**
 * @param {Session} session
 * @param {string} zone
 * @param {number} now
 * @param {{twelve?: boolean, locale?: string}} [options] for tests
 */
export function sessionWords({ kind, client, created_at: begun, expires_at: ends, this: own }, zone, now, { locale, ...options } = {}) {
  const date = (at) => dateName(dayOf(at, zone), { thisYear: dayOf(now, zone).slice(0, 4), locale });
  const who = client || (kind === 'bearer' ? 'A program (API)' : 'A browser');
  const since = `since ${date(begun)}, ${clock(begun, zone, options)}`;
  return {
    name: own ? `${who}, this one` : who,
    span: `${since}, until ${date(ends)}`,
    // Several may have the same name.
    end: `End ${who}, ${since}`,
  };
}

/** Whether somebody should look at it. One's own needs no look. @param {Session} session */
export const isNew = ({ noticed, this: own }) => noticed === false && !own;

/**
 * Whether something new came after the list was drawn, so that nobody can have looked at it.
 * @param {Session[]} shown
 * @param {Session[]} latest
 */
export function cameSince(shown, latest) {
  const ids = new Set(shown.map(({ id }) => id));
  return latest.some((session) => isNew(session) && !ids.has(session.id));
}

/** How many sign-ins nobody looked at; a server may not tell. @param {{new_sign_ins?: number} | undefined} me */
export const newSignIns = (me) => me?.new_sign_ins ?? 0;

/** The banner. @param {number} n */
export function newSignInWords(n) {
  if (n === 1) return { title: 'New sign-in to your account.', question: 'Was it you?' };
  return { title: `${count(n, 'new sign-in')} to your account.`, question: 'Were they you?' };
}

/** The button that says so, and what to do if it was somebody else. @param {number} n */
export function mineWords(n) {
  if (n === 1) return { verb: 'This was me', else: 'If the new one was not you, change your password: that signs out all but this one.' };
  return { verb: 'These were all me', else: 'If one of the new ones was not you, change your password: that signs out all but this one.' };
}

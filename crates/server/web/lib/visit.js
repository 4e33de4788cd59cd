import { api } from './api.js';
import { cookieText, newPageHalf } from './session.js';

/**
 * The operator's visit of this browser. It lives beside the session of whoever is signed in here, and neither knows of the other:
 * its value is kept for this tab only.
 */
const KEY = 'ownsight-visit';

/** @returns {{s: string, page_cookie: string, page_cookie_attributes: string} | null} */
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
  } catch {
    return null;
  }
}

/** Whether this tab has a visit that may still go on. */
export const isHere = () => kept() !== null;

/** Begins a visit by what a link carries. @param {string} secret */
export async function begin(secret) {
  const half = newPageHalf();
  const visit = await api('POST', '/operator/visits', { body: { secret, page_half: half }, s: null });
  // After a 2xx and never before: a half that no visit knows must not displace one that works.
  document.cookie = cookieText(visit.page_cookie, half, visit.page_cookie_attributes);
  sessionStorage.setItem(KEY, JSON.stringify(visit));
}

/** Forgets the visit on this side. */
export function forget() {
  const visit = kept();
  if (visit) document.cookie = `${cookieText(visit.page_cookie, '', visit.page_cookie_attributes)}; Max-Age=0`;
  sessionStorage.removeItem(KEY);
}

/**
 * One request of the visit. One that has ended is forgotten.
 * @param {'GET' | 'POST' | 'DELETE'} method
 * @param {string} path below `/operator`
 * @param {any} [body]
 */
export async function visit(method, path, body) {
  try {
    return await api(method, `/operator${path}`, { body, s: kept()?.s ?? null });
  } catch (problem) {
    if (problem.status === 401 || (problem.notFound && path === '/visit')) forget();
    throw problem;
  }
}

const NAMES = { thumbnails: 'pictures', videos: 'event videos', live: 'live pictures', 'sign-in': 'new sign-ins' };

/** What is closed, in words: `pictures and event videos`. @param {string[]} closed */
export function closedWords(closed) {
  if (closed.includes('all')) return 'everything';
  const words = closed.map((word) => NAMES[word] ?? word);
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** For whom. @param {{scope: string, id?: string}} of */
export function scopeWords({ scope, id }) {
  return scope === 'installation' ? 'everybody' : `${scope} ${id}`;
}

/**
 * What is sent to close something, or what is wrong with the form.
 * @param {{scope: string, who: string, closes: string[], reason: string}} form
 * @returns {{body?: any, errors: Record<string, string>}}
 */
export function lockdownBody({ scope, who, closes: closed, reason }) {
  const errors = {};
  const named = who.trim();
  if (scope === 'account' && !named.includes('@')) errors.who = 'The e-mail address that they sign in with.';
  if ((scope === 'home' || scope === 'camera') && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(named)) errors.who = `The id of the ${scope}, as it stands in its address or in the log.`;
  if (!closed.length) errors.closes = 'Choose at least one.';
  if (!reason.trim()) errors.reason = 'People who cannot see something are shown why.';
  if (Object.keys(errors).length) return { errors };
  const of = { installation: { scope }, account: { scope, email: named } }[scope] ?? { scope, id: named };
  return { errors, body: { of, closes: closed, reason: reason.trim() } };
}

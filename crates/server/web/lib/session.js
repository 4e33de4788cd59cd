import { createStore } from './store.js';

const S_KEY = 'ownsight-s';
const COOKIE_KEY = 'ownsight-page-cookie';

/** @type {ReturnType<typeof createStore<'in' | 'out'>>} */
export const session = createStore(read(S_KEY) ? 'in' : 'out');

/** What sign-in says first: how the session before it ended, where that needs saying. */
export const parting = createStore('');

/** The session's value for addresses, or null when signed out. */
export function sessionValue() {
  return read(S_KEY);
}

/** 32 fresh bytes, the page's half of a session secret, as base64url without padding. */
export function newPageHalf() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/**
 * Keeps what a sign-in gave. To be called after a 2xx and never before: a half that no session knows must not displace one that works.
 * @param {string} half
 * @param {{s: string, page_cookie: string, page_cookie_attributes: string}} answer
 */
export function keepSession(half, answer) {
  write(COOKIE_KEY, JSON.stringify({ name: answer.page_cookie, attributes: answer.page_cookie_attributes }));
  document.cookie = cookieText(answer.page_cookie, half, answer.page_cookie_attributes);
  write(S_KEY, answer.s);
  parting.set('');
  session.set('in');
}

/** Writes the page's half again with its full age. To be called at each load. */
export function renewPageHalf() {
  const kept = pageCookie();
  if (!kept) return;
  const half = cookieValue(document.cookie, kept.name);
  if (half) document.cookie = cookieText(kept.name, half, kept.attributes);
}

/** Forgets the session on this side: the half, `s`, and everything drawn from it. */
export function endSession() {
  const kept = pageCookie();
  if (kept) document.cookie = `${cookieText(kept.name, '', kept.attributes)}; Max-Age=0`;
  remove(COOKIE_KEY);
  remove(S_KEY);
  session.set('out');
}

// Another tab that signs out or in takes this one along.
if (typeof window !== 'undefined') {
  window.addEventListener('storage', (event) => {
    if (event.key === S_KEY) session.set(event.newValue ? 'in' : 'out');
  });
}

/** @param {Uint8Array} bytes */
export function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/**
 * @param {string} jar `document.cookie`
 * @param {string} name
 * @returns {string | null}
 */
export function cookieValue(jar, name) {
  for (const pair of jar.split(/;\s*/)) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1) || null;
  }
  return null;
}

export function cookieText(name, value, attributes) {
  return attributes ? `${name}=${value}; ${attributes}` : `${name}=${value}`;
}

/** @returns {{name: string, attributes: string} | null} */
function pageCookie() {
  try {
    return JSON.parse(read(COOKIE_KEY) ?? 'null');
  } catch {
    return null;
  }
}

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
function write(key, value) {
  localStorage.setItem(key, value);
}
function remove(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // Closed storage holds nothing to remove.
  }
}

import { toConfirm, waitingOf, waitingPath } from './restored.js';
import { createStore } from './store.js';

/**
 * Where the reader is. `kind` tells how they came: `push` by a link, `pop` by Back or Forward, `load` by opening the page, `replace` by us.
 * @typedef {{path: string, query: URLSearchParams, hash: string, key: string, kind: 'load' | 'push' | 'pop' | 'replace'}} Place
 */

let made = 0;

/** @type {ReturnType<typeof createStore<Place>>} */
export const place = createStore(readPlace('load'));

/** What to restore when the reader comes back: by history key. @type {Map<string, {y: number, focus: string | null}>} */
const left = new Map();

/**
 * @param {string} to path with query and hash
 * @param {{replace?: boolean}} [options]
 */
export function navigate(to, { replace = false } = {}) {
  remember();
  if (replace) history.replaceState({ key: newKey(), from: history.state?.from ?? null }, '', to);
  else history.pushState({ key: newKey(), from: location.pathname }, '', to);
  place.set(readPlace(replace ? 'replace' : 'push'));
}

/**
 * Back to `parent`: through history when the reader came from there, so that scroll and card are restored; else by a navigation.
 * @param {string} parent path with query
 */
export function goBack(parent) {
  if (history.state?.from === parent.split(/[?#]/)[0]) history.back();
  else navigate(parent);
}

/** Puts the secret of the address's fragment out of sight and out of history. @returns {string} the fragment */
export function takeFragment() {
  const fragment = location.hash.replace(/^#/, '');
  if (fragment) history.replaceState(history.state, '', location.pathname + location.search);
  return fragment;
}

/** Writes the fragment without a navigation, such as the player's second. @param {string} fragment */
export function setFragment(fragment) {
  history.replaceState(history.state, '', location.pathname + location.search + (fragment ? `#${fragment}` : ''));
}

/** What was on the screen when the reader left this place. @param {string} key */
export function leftAt(key) {
  return left.get(key) ?? null;
}

/**
 * The parameters of `path` under `pattern` (`/h/:home/events/:event`), or null.
 * @param {string} pattern
 * @param {string} path
 * @returns {Record<string, string> | null}
 */
export function match(pattern, path) {
  const want = pattern.split('/');
  const have = path.replace(/\/+$/, '').split('/');
  if (path === '/') have.splice(0, have.length, '', '');
  if (want.length !== have.length) return null;
  const params = {};
  for (const [i, part] of want.entries()) {
    if (part.startsWith(':')) {
      if (!have[i]) return null;
      try {
        params[part.slice(1)] = decodeURIComponent(have[i]);
      } catch {
        return null;
      }
    } else if (part !== have[i]) return null;
  }
  return params;
}

/** Where an account begins: a home that waits for it, else its first home, else what is shared with it; null for who has neither. @param {{homes: {id: string}[], shares: number, waiting?: import('./restored.js').Waiting[]}} me */
export function startOf(me) {
  const own = toConfirm(me);
  if (own) return waitingPath(own.home_id);
  if (me.homes.length) return `/h/${me.homes[0].id}/events`;
  if (me.shares > 0) return '/shared';
  const [other] = waitingOf(me);
  return other ? waitingPath(other.home_id) : null;
}

/** The second that an address of the player names. @param {string} hash `#t=4.2` @returns {number | null} */
export function secondOf(hash) {
  const found = /^#t=(\d{1,5}(?:\.\d{1,3})?)$/.exec(hash);
  return found ? Number(found[1]) : null;
}

/**
 * A place to go to after sign-in, if it is one of ours, else the start.
 * @param {string | null} to
 */
export function safeReturn(to) {
  if (!to || !/^\/(?![/\\])/.test(to) || /^\/(sign-in|setup|invite)\b/.test(to)) return '/';
  return to;
}

/** Starts listening to links and history. */
export function startRouter() {
  history.scrollRestoration = 'manual';
  if (!history.state?.key) history.replaceState({ key: newKey(), from: null }, '', location.href);
  place.set(readPlace('load'));
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.hasAttribute('download') || link.target || link.origin !== location.origin || link.pathname.startsWith('/api/')) return;
    if (link.pathname === location.pathname && link.search === location.search && link.hash) return;
    event.preventDefault();
    navigate(link.pathname + link.search + link.hash);
  });
  window.addEventListener('popstate', () => {
    remember();
    if (!history.state?.key) history.replaceState({ key: newKey(), from: null }, '', location.href);
    place.set(readPlace('pop'));
  });
}

function remember() {
  const focus = document.activeElement?.closest?.('[data-keep]')?.getAttribute('data-keep') ?? null;
  left.set(place.get().key, { y: window.scrollY, focus });
}

function newKey() {
  made += 1;
  return `${Date.now().toString(36)}-${made}`;
}

function readPlace(kind) {
  if (typeof location === 'undefined') return { path: '/', query: new URLSearchParams(), hash: '', key: '', kind };
  return { path: location.pathname, query: new URLSearchParams(location.search), hash: location.hash, key: history.state?.key ?? '', kind };
}

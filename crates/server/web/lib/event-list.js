import { useEffect, useRef, useState } from './html.js';
import { announce } from './announce.js';
import { api } from './api.js';
import { offlineSince } from './connection.js';
import { anyGone, mergeEvents } from './days.js';
import { sawEvents } from './fresh.js';
import { onChange } from './live.js';
import { closedOrOpened } from './lockdown.js';
import { useReopening } from './reopening.js';
import { place } from './router.js';
import { session } from './session.js';
import { whileVisible } from './visible.js';
import { count } from './words.js';

/**
 * The list of events under a filter: pages by cursor, new ones that wait, and memory for Back.
 * @typedef {{events: any[], cursor: string | null, begun: boolean, unverified: number, lockedDown: number, lockedFirst: number, waiting: any[]}} Loaded
 * `lockedDown`: events that are left out because their camera is locked down, and how many of them on the first page
 */

const PAGE = 50;
const GATHER_MS = 300;
/** Pages that are read again at most, when what is loaded is read anew. */
const AGAIN_MOST = 40;

/** What was loaded, by filter, for the way back. @type {Map<string, Loaded>} */
const kept = new Map();

session.subscribe((state) => {
  if (state === 'out') kept.clear();
});

/** Changes an event wherever it is listed. @param {string} id @param {(event: any) => any | null} change null removes it */
export function changeListed(id, change) {
  for (const [key, loaded] of kept) {
    const apply = (events) => events.flatMap((event) => (event.id === id ? change(event) ?? [] : event));
    kept.set(key, { ...loaded, events: apply(loaded.events), waiting: apply(loaded.waiting) });
  }
}

const NOTHING = { events: [], cursor: null, begun: false, unverified: 0, lockedDown: 0, lockedFirst: 0, waiting: [] };

const keyOf = (home, cameras, day, not = false) => JSON.stringify([home ?? 'shared', cameras, day, not]);

/** What is loaded of the events that are shared with the account, newest first. @param {string[]} cameras @returns {any[]} */
export const sharedListed = (cameras) => kept.get(keyOf(null, cameras, null))?.events ?? [];

/** A page of the events that are shared with the account. @param {string[]} cameras @param {Record<string, any>} query */
export const askShared = (cameras, query) => api('GET', '/events', { query: { shared: 1, camera: cameras.join(','), ...query } });

/**
 * @param {{home: string | null, cameras: string[], day: string | null, not?: boolean}} filter `home`: null for what is shared with the account, of which nothing is told live
 */
export function useEventList({ home, cameras, day, not = false }) {
  const key = keyOf(home, cameras, day, not);
  const [state, setState] = useState(() => ({ key, loaded: startOf(key), loading: false, problem: null, retryAt: null }));
  const latest = useRef(state);
  const busy = useRef(0);
  const timer = useRef(0);

  const change = (next) => {
    const merged = { ...latest.current, ...next };
    if (next.loaded) kept.set(merged.key, next.loaded);
    latest.current = merged;
    setState(merged);
  };

  const ask = (query) => (home ? api('GET', '/events', { query: { home, camera: cameras.join(','), day, not_an_event: not ? 1 : 0, limit: PAGE, ...query } }) : askShared(cameras, { limit: PAGE, ...query }));
  const saw = ([newest]) => home && newest && sawEvents(home, newest.started_at);

  const failed = (problem, again) => {
    const wait = problem.busy ? (problem.retryAfter || 5) * 1000 : 0;
    if (problem.lockedDown) {
      // What was closed since is not drawn any longer, here or on the way back; what is still under way would bring it again.
      busy.current += 1;
      kept.clear();
    }
    change({ loading: false, problem, retryAt: wait ? Date.now() + wait : null, ...(problem.lockedDown ? { loaded: NOTHING } : {}) });
    clearTimeout(timer.current);
    if (wait) timer.current = setTimeout(again, wait);
  };

  /** The first page, or the one after the last. */
  const more = async () => {
    const { loaded, loading, retryAt } = latest.current;
    if (loading || (loaded.begun && !loaded.cursor) || (retryAt && Date.now() < retryAt)) return;
    const round = (busy.current += 1);
    // A lockdown stays on the page while it is asked whether it has ended.
    change({ loading: true, problem: latest.current.problem?.lockedDown ? latest.current.problem : null, retryAt: null });
    try {
      const page = await ask({ cursor: loaded.cursor });
      if (round !== busy.current) return;
      const now = latest.current.loaded;
      const events = mergeEvents(now.events, page.events);
      saw(events);
      const lockedOut = page.locked_down ?? 0;
      const counts = { unverified: now.unverified + (page.unverified ?? 0), lockedDown: now.lockedDown + lockedOut, lockedFirst: loaded.cursor ? now.lockedFirst : lockedOut };
      change({ loading: false, problem: null, loaded: { ...now, ...counts, events, cursor: page.next_cursor, begun: true } });
    } catch (problem) {
      if (round === busy.current) failed(problem, more);
    }
  };

  /** What came since; it waits behind a button, unless there is nothing yet that it could push away. */
  const look = async () => {
    const { loaded } = latest.current;
    if (!loaded.begun) return;
    const round = busy.current;
    try {
      const page = await ask({});
      if (round !== busy.current) return;
      const now = latest.current.loaded;
      const all = [...now.waiting, ...now.events];
      // A share that ended takes its events along, and nothing else tells of it.
      if (closedOrOpened(all, page, now.lockedFirst) || (!home && anyGone(all, page))) {
        await readAgain();
        return;
      }
      const lockedFirst = page.locked_down ?? 0;
      const counts = { lockedFirst, lockedDown: now.lockedDown - now.lockedFirst + lockedFirst };
      const known = new Set(now.events.map(({ id }) => id));
      const oldest = now.events.at(-1)?.started_at ?? -Infinity;
      // What a device sends late from its queue waits as well: it would push the list apart in the middle.
      const waiting = page.events.filter((event) => !known.has(event.id) && event.started_at >= oldest);
      const events = mergeEvents(now.events, page.events.filter(({ id }) => known.has(id)));
      if (!now.events.length && waiting.length && window.scrollY < 40) {
        saw(waiting);
        change({ loaded: { ...now, ...counts, events: waiting, waiting: [], cursor: page.next_cursor } });
        announce(count(waiting.length, 'new event'));
        return;
      }
      if (waiting.length > now.waiting.length) announce(count(waiting.length, 'new event'));
      change({ loaded: { ...now, ...counts, events, waiting } });
    } catch (problem) {
      // The next change asks again; the list stays, unless it was closed.
      if (problem.lockedDown) failed(problem, more);
    }
  };

  /** All that is loaded once more, after a camera was locked down or opened: what is closed goes, the place stays. */
  const readAgain = async () => {
    const { loaded } = latest.current;
    const round = (busy.current += 1);
    const newest = loaded.events[0]?.started_at ?? Infinity;
    const oldest = loaded.events.at(-1)?.started_at ?? Infinity;
    const read = { ...NOTHING, begun: true };
    change({ loading: true });
    try {
      for (let pages = 0; pages < AGAIN_MOST; pages += 1) {
        const page = await ask({ cursor: read.cursor });
        if (round !== busy.current) return;
        read.events = mergeEvents(read.events, page.events);
        read.unverified += page.unverified ?? 0;
        read.lockedDown += page.locked_down ?? 0;
        if (!pages) read.lockedFirst = read.lockedDown;
        read.cursor = page.next_cursor;
        if (!read.cursor || read.events.at(-1)?.started_at <= oldest) break;
      }
      const old = ({ started_at: at }) => at <= newest;
      change({ loaded: { ...read, events: read.events.filter(old), waiting: read.events.filter((event) => !old(event)) } });
    } finally {
      if (round === busy.current) change({ loading: false });
    }
  };

  /** Lets the waiting events in. */
  const showWaiting = () => {
    const { loaded } = latest.current;
    const events = mergeEvents(loaded.events, loaded.waiting);
    saw(events);
    change({ loaded: { ...loaded, events, waiting: [] } });
  };

  const remove = (id) => {
    changeListed(id, () => null);
    change({ loaded: kept.get(latest.current.key) ?? NOTHING });
  };

  /** What was taken out by mistake is in its place again. */
  const restore = (event) => {
    // Another list by now: the one that it left is read anew when it is shown again.
    if (latest.current.key !== key) return;
    const { loaded } = latest.current;
    change({ loaded: { ...loaded, events: mergeEvents(loaded.events, [event]) } });
  };

  useEffect(() => {
    busy.current += 1;
    const loaded = startOf(key);
    change({ key, loaded, loading: false, problem: null, retryAt: null });
    if (loaded.begun) look();
    else more();
    let gather = 0;
    const endLive = home ? onChange(({ home: where, what }) => {
      if (what !== 'all' && (where !== home || what !== 'events')) return;
      clearTimeout(gather);
      gather = setTimeout(look, GATHER_MS);
    }) : whileVisible(look);
    const endOffline = offlineSince.subscribe((since) => {
      if (since === null && latest.current.problem?.offline) more();
    });
    return () => {
      busy.current += 1;
      clearTimeout(gather);
      clearTimeout(timer.current);
      endLive();
      endOffline();
    };
  }, [key]);

  useReopening({ locked: Boolean(state.problem?.lockedDown), look: more, open: state.loaded.begun, words: 'Events are open again.' });

  const shown = state.key === key ? state : { ...state, loaded: startOf(key), problem: null, retryAt: null };
  return { ...shown.loaded, loading: shown.loading || !shown.loaded.begun, problem: shown.problem, retryAt: shown.retryAt, more, look, showWaiting, remove, restore };
}

/** A reader who comes back finds what they left; who comes anew gets a fresh list. */
function startOf(key) {
  return (place.get().kind === 'pop' && kept.get(key)) || NOTHING;
}

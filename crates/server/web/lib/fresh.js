import { api } from './api.js';
import { onChange } from './live.js';
import { createStore } from './store.js';

/**
 * How many events came in since the reader last looked at the list, for the navigation. The Events page says what has been looked at.
 */

const MOST = 100;
const GATHER_MS = 800;

export const freshCount = createStore(0);

/** Start of the newest event that the reader has had before their eyes, by home. @type {Map<string, number>} */
const seen = new Map();
/** Set by the Events page while it is open: it counts what waits by itself. */
let paused = false;

/** @param {string} home @param {number} newest microseconds */
export function sawEvents(home, newest) {
  seen.set(home, Math.max(seen.get(home) ?? 0, newest));
}

/** @param {boolean} on */
export function listIsOpen(on) {
  paused = on;
  freshCount.set(0);
}

/** @param {string} home @returns {() => void} what ends it */
export function watchFresh(home) {
  let timer = 0;
  const look = async () => {
    const since = seen.get(home);
    if (paused || since === undefined) return;
    try {
      const { events } = await api('GET', '/events', { query: { home, after: since, not_an_event: 0, limit: MOST } });
      if (!paused) freshCount.set(events.length);
    } catch {
      // The badge is a hint; the list will say what is wrong.
    }
  };
  const end = onChange(({ home: where, what }) => {
    if (what !== 'all' && (where !== home || what !== 'events')) return;
    clearTimeout(timer);
    timer = setTimeout(look, GATHER_MS);
  });
  return () => {
    clearTimeout(timer);
    end();
    freshCount.set(0);
  };
}

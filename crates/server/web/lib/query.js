import { useEffect, useState } from './html.js';
import { api } from './api.js';
import { offlineSince } from './connection.js';
import { onChange } from './live.js';
import { session } from './session.js';

/**
 * Answers of GET requests, shared by every component that asks for the same path, drawn at once when they are already here and asked again behind it.
 * @typedef {{data: any, problem: import('./problem.js').Problem | null, loading: boolean, retryAt: number | null}} Answer
 * `retryAt` (milliseconds): the server was busy; it is asked again then, by itself.
 */

const FRESH_MS = 1500;
const GATHER_MS = 250;

/** @type {Map<string, Entry>} */
const entries = new Map();

class Entry {
  /** @param {string} path */
  constructor(path) {
    this.path = path;
    /** @type {Answer} */
    this.answer = { data: undefined, problem: null, loading: false, retryAt: null };
    /** @type {Map<() => void, {home: string, topics: string[]} | null>} */
    this.users = new Map();
    this.at = 0;
    this.timer = 0;
    this.again = false;
  }

  /** @param {Partial<Answer>} change */
  set(change) {
    this.answer = { ...this.answer, ...change };
    for (const redraw of [...this.users.keys()]) redraw();
  }

  async load() {
    if (this.answer.loading) {
      this.again = true;
      return;
    }
    clearTimeout(this.timer);
    this.set({ loading: true });
    try {
      const data = await api('GET', this.path);
      this.at = Date.now();
      this.set({ data, problem: null, loading: false, retryAt: null });
    } catch (problem) {
      const wait = problem.busy ? (problem.retryAfter || 5) * 1000 : 0;
      // What was closed since is not drawn any longer.
      this.set({ ...(problem.lockedDown ? { data: undefined } : {}), problem, loading: false, retryAt: wait ? Date.now() + wait : null });
      if (wait) this.later(wait);
    }
    if (this.again) {
      this.again = false;
      this.later(GATHER_MS);
    }
  }

  /** @param {number} ms */
  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.users.size ? this.load() : undefined), ms);
  }
}

/**
 * @param {string | null} path below `/api/v1`; null asks nothing
 * @param {{home: string, topics: string[]} | null} [live] asked again when one of these changes in that home
 * @returns {Answer & {reload: () => void}}
 */
export function useQuery(path, live = null) {
  const [, redraw] = useState(0);
  const topics = live ? `${live.home} ${live.topics.join(' ')}` : '';
  useEffect(() => {
    if (!path) return undefined;
    const entry = entryOf(path);
    const listener = () => redraw((n) => n + 1);
    entry.users.set(listener, live);
    if (Date.now() - entry.at > FRESH_MS) entry.load();
    listener();
    return () => entry.users.delete(listener);
  }, [path, topics]);
  const entry = path ? entryOf(path) : null;
  const answer = entry ? entry.answer : { data: undefined, problem: null, loading: false, retryAt: null };
  return { ...answer, reload: () => entry?.load() };
}

/** The answer that is here already, without asking. @param {string} path */
export function peek(path) {
  return entries.get(path)?.answer.data;
}

/** Puts an answer that came another way, such as that of a PATCH. @param {string} path @param {any} data */
export function put(path, data) {
  const entry = entryOf(path);
  entry.at = Date.now();
  entry.set({ data, problem: null, retryAt: null });
}

/** Asks again, now or when next used. @param {(path: string) => boolean} which */
export function refresh(which) {
  for (const entry of entries.values()) {
    if (!which(entry.path)) continue;
    entry.at = 0;
    if (entry.users.size) entry.later(0);
  }
}

function entryOf(path) {
  let entry = entries.get(path);
  if (!entry) {
    entry = new Entry(path);
    entries.set(path, entry);
  }
  return entry;
}

onChange(({ home, what }) => {
  for (const entry of entries.values()) {
    entry.at = 0;
    const touched = [...entry.users.values()].some((live) => live && (what === 'all' || (live.home === home && live.topics.includes(what))));
    if (touched) entry.later(GATHER_MS);
  }
});

offlineSince.subscribe((since) => {
  if (since !== null) return;
  for (const entry of entries.values()) if (entry.answer.problem?.offline && entry.users.size) entry.later(0);
});

// Nothing of one account may be drawn for the next one.
session.subscribe((state) => {
  if (state === 'out') entries.clear();
});

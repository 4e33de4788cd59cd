import { dayOf } from './time.js';

/**
 * Events under their day, both newest first.
 * @template {{started_at: number}} E
 * @param {E[]} events newest first
 * @param {string | ((event: E) => string)} zone that of all, or that of each
 * @returns {{day: string, events: E[]}[]}
 */
export function groupByDay(events, zone) {
  const zoneOf = typeof zone === 'function' ? zone : () => zone;
  // Where zones differ, an event of the day before may stand between two of one day.
  const days = new Map();
  for (const event of events) {
    const day = dayOf(event.started_at, zoneOf(event));
    if (!days.has(day)) days.set(day, []);
    days.get(day).push(event);
  }
  return [...days].map(([day, list]) => ({ day, events: list })).sort((a, b) => (a.day < b.day ? 1 : -1));
}

/**
 * Whether something that is loaded is not on the list's first page any more, though it would have its place there.
 * @param {{id: string, started_at: number}[]} known
 * @param {{events: {id: string, started_at: number}[], next_cursor: string | null}} page
 */
export function anyGone(known, page) {
  const oldest = page.next_cursor ? page.events.at(-1)?.started_at ?? Infinity : -Infinity;
  const there = new Set(page.events.map(({ id }) => id));
  return known.some(({ id, started_at: at }) => at > oldest && !there.has(id));
}

/**
 * Adds a page to a list without doubling what came in between; newest first.
 * @template {{id: string, started_at: number}} E
 * @param {E[]} list
 * @param {E[]} page
 * @returns {E[]}
 */
export function mergeEvents(list, page) {
  const byId = new Map(list.map((event) => [event.id, event]));
  for (const event of page) byId.set(event.id, event);
  return [...byId.values()].sort((a, b) => b.started_at - a.started_at || (a.id < b.id ? 1 : -1));
}

/**
 * The weeks of a month, Monday first, with null outside of it.
 * @param {string} month `2026-11`
 * @param {number} [firstDay] 1 Monday to 7 Sunday
 * @returns {(string | null)[][]}
 */
export function weeksOf(month, firstDay = 1) {
  const [year, number] = month.split('-').map(Number);
  const length = new Date(Date.UTC(year, number, 0)).getUTCDate();
  const weekday = new Date(Date.UTC(year, number - 1, 1)).getUTCDay() || 7;
  const cells = Array((weekday - firstDay + 7) % 7).fill(null);
  for (let day = 1; day <= length; day += 1) cells.push(`${month}-${String(day).padStart(2, '0')}`);
  while (cells.length % 7) cells.push(null);
  const weeks = [];
  for (let i = 0; i < cells.length; i += 7) weeks.push(cells.slice(i, i + 7));
  return weeks;
}

/** The month `n` months after. @param {string} month @param {number} n */
export function addMonths(month, n) {
  const [year, number] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + n, 1)).toISOString().slice(0, 7);
}

import { dayOf } from './time.js';

/**
 * Events under their day, both newest first.
 * @template {{started_at: number}} E
 * @param {E[]} events newest first
 * @param {string} zone
 * @returns {{day: string, events: E[]}[]}
 */
export function groupByDay(events, zone) {
  const days = [];
  for (const event of events) {
    const day = dayOf(event.started_at, zone);
    const last = days.at(-1);
    if (last?.day === day) last.events.push(event);
    else days.push({ day, events: [event] });
  }
  return days;
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

import { dateName, dayOf, when } from './time.js';
import { count } from './words.js';

/**
 * What went of a home because its space was used up.
 * @typedef {{events: number, from: number, to: number, last_at: number}} Dropped
 */

/**
 * `12 events of 3 to 5 November were erased, the last at 14:02: the space of this home was used up.`
 * @param {Dropped} dropped
 * @param {string} zone
 * @param {number} now microseconds
 */
export function droppedWords({ events, from, to, last_at: lastAt }, zone, now) {
  const thisYear = dayOf(now, zone).slice(0, 4);
  const [first, last] = [from, to].map((at) => dateName(dayOf(at, zone), { thisYear }));
  const days = first === last ? `of ${first}` : `from ${first} to ${last}`;
  return `${count(events, 'event')} ${days} ${events === 1 ? 'was' : 'were'} erased, last ${when(lastAt, zone, now)}: the space of this home was used up.`;
}

/**
 * Whether some of it may have been of this day.
 * @param {Dropped | null} dropped
 * @param {{starts_at: number, ends_at: number}} day
 */
export const droppedWithin = (dropped, day) => dropped !== null && dropped.from < day.ends_at && dropped.to >= day.starts_at;

import { isDay } from './time.js';

/**
 * The filter of the list, which lives in the address, so that it can be kept, sent and gone back to.
 * @typedef {{cameras: string[], day: string | null, not?: boolean}} Filter `not`: only what somebody said to be no event
 */

/** @param {URLSearchParams} query @returns {Filter} */
export function filterOf(query) {
  const day = query.get('day');
  return { cameras: (query.get('camera') ?? '').split(',').filter(Boolean), day: isDay(day) ? day : null, ...(query.get('not') === '1' ? { not: true } : {}) };
}

/** @param {Filter} filter @returns {string} with its question mark, or empty */
export function queryOf({ cameras, day, not = false }) {
  const params = new URLSearchParams();
  if (cameras.length) params.set('camera', cameras.join(','));
  if (day) params.set('day', day);
  if (not) params.set('not', '1');
  const text = params.toString().replaceAll('%2C', ',');
  return text ? `?${text}` : '';
}

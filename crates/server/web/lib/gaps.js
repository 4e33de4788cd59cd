import { faultWords } from './faults.js';
import { clock, dayOf, duration } from './time.js';

/**
 * A time in which a camera recorded nothing. `to` null: it still goes on.
 * @typedef {{camera_id: string, from: number, to: number | null, reason: string}} Gap
 */

const NEAR = 120_000_000;
const SHORTEST = 2_000_000;

/**
 * Joins gaps of one camera that follow each other closely: a camera that comes and goes is one line, not twenty. The last reason stays.
 * @param {Gap[]} gaps in any order
 * @returns {(Gap & {times: number})[]} oldest first
 */
export function joinGaps(gaps) {
  const joined = [];
  const open = new Map();
  for (const gap of [...gaps].sort((a, b) => a.from - b.from)) {
    // What was quieted was recorded for the rest, and is no part of a gap beside it.
    const key = `${gap.camera_id} ${gap.reason === 'quieted'}`;
    const last = open.get(key);
    if (last && (last.to === null || gap.from - last.to <= NEAR)) {
      last.to = last.to === null || gap.to === null ? null : Math.max(last.to, gap.to);
      last.reason = gap.reason;
      last.times += 1;
    } else {
      const fresh = { ...gap, times: 1 };
      open.set(key, fresh);
      joined.push(fresh);
    }
  }
  return joined.filter((gap) => gap.to === null || gap.to - gap.from >= SHORTEST);
}

/**
 * What still goes on: cameras that are offline or quieted now, as gaps of the days that they reach into. A gap is reported when it ends, the camera's state at once.
 * A device that is away may go on recording, so that is none yet.
 * @param {{id: string, status: {state: string, fault: string | null, since: number, verified?: boolean}}[]} cameras
 * @param {{ends_at: number, gaps: Gap[]}} day
 * @returns {Gap[]}
 */
export function openGaps(cameras, day) {
  const told = new Set(day.gaps.filter(({ to }) => to === null).map(({ camera_id }) => camera_id));
  const quieted = cameras
    .filter(({ status }) => status.quieted_since && status.quieted_since < day.ends_at)
    .map(({ id, status }) => ({ camera_id: id, from: status.quieted_since, to: null, reason: 'quieted' }));
  const offline = cameras
    .filter(({ id, status }) => status.state === 'offline' && status.verified !== false && status.since < day.ends_at && !told.has(id))
    .map(({ id, status }) => ({ camera_id: id, from: status.since, to: null, reason: status.fault ?? '' }));
  return [...offline, ...quieted];
}

/**
 * The list of one day: events and gaps, newest first, a gap where it began.
 * @template {{started_at: number}} E
 * @param {E[]} events newest first
 * @param {(Gap & {times: number})[]} gaps
 * @param {{complete: boolean, startsAt: number}} day not complete: gaps older than the last event shown wait for more events
 * @returns {({kind: 'event', event: E} | {kind: 'gap', gap: Gap & {times: number}})[]}
 */
export function weave(events, gaps, { complete, startsAt }) {
  const oldest = events.at(-1)?.started_at ?? Infinity;
  const rows = [
    ...events.map((event) => ({ kind: 'event', at: event.started_at, event })),
    ...gaps.map((gap) => ({ kind: 'gap', at: Math.max(gap.from, startsAt), gap })).filter((row) => complete || row.at >= oldest),
  ];
  rows.sort((a, b) => b.at - a.at || (a.kind === 'gap' ? 1 : -1));
  return rows;
}

/**
 * A gap in words, without the camera's name: "has not recorded since 15:02: the camera refuses the password".
 * @param {Gap & {times?: number}} gap
 * @param {string} zone
 * @param {string} day the day under whose header it stands
 * @param {{twelve?: boolean}} [options]
 */
export function gapWords(gap, zone, day, options) {
  const reason = faultWords(gap.reason).gap;
  const from = dayOf(gap.from, zone) === day ? clock(gap.from, zone, options) : '';
  const quieted = gap.reason === 'quieted';
  if (gap.to === null && quieted) return `${from ? `is quieted since ${from}` : 'was quieted on this day'}: ${reason}`;
  if (gap.to === null) return from ? `has not recorded since ${from}: ${reason}` : `did not record on this day: ${reason}`;
  const to = dayOf(gap.to, zone) === day ? clock(gap.to, zone, options) : '';
  const span = from && to ? (from === to ? `${gap.times > 1 ? '' : `for ${duration(gap.to - gap.from)} `}at ${from}` : `${from}–${to}`) : from ? `from ${from} on` : to ? `until ${to}` : 'on this day';
  return `${quieted ? 'was quieted' : 'did not record'} ${span}: ${reason}${gap.times > 1 ? `, ${gap.times} times` : ''}`;
}

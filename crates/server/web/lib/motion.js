/**
 * Numbers of the player: frames, bars, positions. Pure.
 */

/**
 * The frame shown at a time. Frames are taken as evenly spread, which is what a camera promises.
 * @param {number} seconds
 * @param {number} frames in the whole clip
 * @param {number} length seconds
 * @returns {number} 0 for the first
 */
export function frameAt(seconds, frames, length) {
  if (!frames || !(length > 0)) return 0;
  return Math.min(frames - 1, Math.max(0, Math.floor((seconds / length) * frames + 1e-6)));
}

/** The middle of a frame's time, so that a seek never falls on the edge between two. @param {number} frame @param {number} frames @param {number} length */
export function middleOf(frame, frames, length) {
  const kept = Math.min(Math.max(0, frames - 1), Math.max(0, frame));
  return ((kept + 0.5) * length) / Math.max(1, frames);
}

/** A strength that fills the height even if nothing in the event is stronger. */
const FULL_LEAST = 24;

/**
 * Strength of motion in `n` equal bars, the strongest sample of each, 0 to 1: as a part of the event's strongest, so that an event far
 * from the lens has a shape, too.
 * @param {[number, number][]} motion offset in milliseconds, strength 0 to 255
 * @param {number} lengthMs
 * @param {number} n
 * @returns {number[]}
 */
export function barsOf(motion, lengthMs, n) {
  const bars = Array(n).fill(null);
  const full = motion.reduce((most, [, strength]) => Math.max(most, strength), FULL_LEAST);
  for (const [at, strength] of motion) {
    const i = Math.min(n - 1, Math.max(0, Math.floor((at / lengthMs) * n)));
    bars[i] = Math.max(bars[i] ?? 0, strength / full);
  }
  // A bar between two samples takes the one before it, so that sparse samples do not look like pauses.
  let last = 0;
  return bars.map((bar) => (bar === null ? last : (last = bar)));
}

/** Whether there is motion at a time, for speech. @param {[number, number][]} motion @param {number} ms @param {number} from @param {number} to */
export function movesAt(motion, ms, from, to) {
  if (ms < from || ms > to) return false;
  return motion.length > 0;
}

/**
 * Seconds between ticks so that labels keep `least` pixels.
 * @param {number} length seconds
 * @param {number} width pixels
 * @param {number} least pixels
 */
export function tickStep(length, width, least) {
  for (const step of [1, 2, 3, 5, 10, 15, 30, 60, 120, 300]) if ((width / length) * step >= least) return step;
  return 600;
}

import { isOpen, lookAgain } from './reopening.js';
import { createStore } from './store.js';

/**
 * The pictures on the page that are locked down. One of each lockdown asks whether it is open again, for all of them.
 * @typedef {{src: string, lockdown: import('./lockdown.js').Lockdown, again: () => void}} Tile
 */

/** The lockdown that the banner tells of, or null. @type {ReturnType<typeof createStore<import('./lockdown.js').Lockdown | null>>} */
export const closedPictures = createStore(null);

/** @type {Set<Tile>} */
const tiles = new Set();
let end = null;

/** @param {Tile} tile @returns {() => void} what ends it */
export function closedPicture(tile) {
  tiles.add(tile);
  end ??= lookAgain(look);
  tell();
  return () => {
    tiles.delete(tile);
    if (!tiles.size) {
      end?.();
      end = null;
    }
    tell();
  };
}

function tell() {
  const [first] = tiles;
  closedPictures.set(first?.lockdown ?? null);
}

async function look() {
  /** @type {Map<string, Tile[]>} */
  const groups = new Map();
  for (const tile of tiles) {
    const key = `${tile.lockdown.scope} ${tile.lockdown.since}`;
    if (groups.has(key)) groups.get(key).push(tile);
    else groups.set(key, [tile]);
  }
  for (const group of groups.values()) {
    if (await isOpen(group[0].src)) for (const { again } of group) again();
  }
}

import { useEffect, useState } from './html.js';

/**
 * One observable value. Everything that more than one component must agree on lives in one of these.
 * @template T
 * @param {T} value
 */
export function createStore(value) {
  const listeners = new Set();
  return {
    /** @returns {T} */
    get: () => value,
    /** @param {T | ((old: T) => T)} next */
    set(next) {
      const changed = typeof next === 'function' ? next(value) : next;
      if (Object.is(changed, value)) return;
      value = changed;
      for (const listener of [...listeners]) listener(value);
    },
    /** @param {(value: T) => void} listener @returns {() => void} what ends it */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * @template T
 * @param {{get: () => T, subscribe: (listener: (value: T) => void) => () => void}} store
 * @returns {T}
 */
export function useStore(store) {
  const [, redraw] = useState(0);
  const drawn = store.get();
  useEffect(() => {
    const end = store.subscribe(() => redraw((n) => n + 1));
    // What changed between the drawing and this effect would otherwise be missed.
    if (!Object.is(drawn, store.get())) redraw((n) => n + 1);
    return end;
  }, [store]);
  return drawn;
}

import { useEffect, useRef } from './html.js';

const EVERY_MS = 30_000;
/** Coming back to a window tells of it twice. */
const LEAST_MS = 1000;

/**
 * Calls `look` each half minute while somebody may see the page, and when they come back to it: for what the server does not tell of.
 * @param {() => void} look
 * @returns {() => void} what ends it
 */
export function whileVisible(look) {
  let last = Date.now();
  const now = () => {
    if (document.hidden || Date.now() - last < LEAST_MS) return;
    last = Date.now();
    look();
  };
  const timer = setInterval(now, EVERY_MS);
  window.addEventListener('focus', now);
  document.addEventListener('visibilitychange', now);
  return () => {
    clearInterval(timer);
    window.removeEventListener('focus', now);
    document.removeEventListener('visibilitychange', now);
  };
}

/** The same for a component, as long as it is on the page. @param {() => void} look */
export function useWhileVisible(look) {
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => whileVisible(() => latest.current()), []);
}

import { useEffect, useState } from './html.js';

/**
 * The time of day in milliseconds, drawn anew at each multiple of `everyMs`.
 * @param {number} [everyMs]
 */
export function useNow(everyMs = 30_000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/**
 * True once `active` has lasted `ms`: what is quicker shows no skeleton.
 * @param {boolean} active
 * @param {number} [ms]
 */
export function useLasting(active, ms = 150) {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    setLasting(false);
    if (!active) return undefined;
    const timer = setTimeout(() => setLasting(true), ms);
    return () => clearTimeout(timer);
  }, [active, ms]);
  return active && lasting;
}

/** Whole seconds until a time in milliseconds, counting down; 0 without one. @param {number | null} until */
export function useSecondsUntil(until) {
  const now = useNow(until ? 500 : 3_600_000);
  return until ? Math.max(0, Math.ceil((until - Math.max(now, Date.now())) / 1000)) : 0;
}

/** Whether a media query holds. @param {string} query */
export function useMedia(query) {
  const [matches, setMatches] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const list = window.matchMedia(query);
    const listen = () => setMatches(list.matches);
    listen();
    list.addEventListener('change', listen);
    return () => list.removeEventListener('change', listen);
  }, [query]);
  return matches;
}

export const PHONE = '(max-width: 719px)';
export const STILL = '(prefers-reduced-motion: reduce)';

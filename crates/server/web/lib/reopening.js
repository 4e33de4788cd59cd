import { announce } from './announce.js';
import { useEffect, useRef } from './html.js';
import { onChange } from './live.js';

const EVERY_MS = 30_000;
const GATHER_MS = 300;

/**
 * Calls `look` each half minute, and soon after something changed.
 * @param {() => void} look
 * @returns {() => void} what ends it
 */
export function lookAgain(look) {
  let soon = 0;
  const timer = setInterval(look, EVERY_MS);
  const end = onChange(({ what }) => {
    if (what !== 'all' && what !== 'events') return;
    clearTimeout(soon);
    soon = setTimeout(look, GATHER_MS);
  });
  return () => {
    clearInterval(timer);
    clearTimeout(soon);
    end();
  };
}

/**
 * Looks by itself whether what is locked down is open again.
 * @param {{locked: boolean, look: () => void, open?: boolean, words?: string}} what `words` are spoken once it is `open`
 */
export function useReopening({ locked, look, open = false, words = '' }) {
  const latest = useRef(look);
  latest.current = look;
  const was = useRef(false);
  useEffect(() => {
    if (locked) was.current = true;
    return locked ? lookAgain(() => latest.current()) : undefined;
  }, [locked]);
  useEffect(() => {
    if (!open || locked || !was.current) return;
    was.current = false;
    if (words) announce(words);
  }, [open, locked]);
}

/** Whether an address of a picture or video is open, without opening it. @param {string} src @returns {Promise<boolean>} false also where it cannot be known */
export async function isOpen(src) {
  try {
    const response = await fetch(src, { method: 'HEAD', credentials: 'same-origin', cache: 'no-store' });
    return response.status !== 423;
  } catch {
    return false;
  }
}

import { createStore } from './store.js';

const PROBE_MS = 4000;

/** Since when (milliseconds) nothing reaches the server, or null. @type {ReturnType<typeof createStore<number | null>>} */
export const offlineSince = createStore(null);

let probe = 0;

export const connection = {
  lost() {
    if (offlineSince.get() === null) offlineSince.set(Date.now());
    if (!probe) probe = setInterval(ask, PROBE_MS);
  },
  back() {
    clearInterval(probe);
    probe = 0;
    offlineSince.set(null);
  },
};

async function ask() {
  try {
    const response = await fetch('/healthz', { cache: 'no-store', credentials: 'omit' });
    if (response.ok) connection.back();
  } catch {
    // Still away; the next probe asks again.
  }
}

if (typeof window !== 'undefined') {
  window.addEventListener('offline', () => connection.lost());
  window.addEventListener('online', ask);
}

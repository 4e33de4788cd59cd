import { api, apiUrl } from './api.js';
import { session } from './session.js';

/**
 * Live updates. The server says only that something changed; what it is comes through the ordinary requests.
 * @typedef {{home: string | null, what: 'events' | 'cameras' | 'devices' | 'tests' | 'people' | 'all'}} Change
 */

const RETRY_MS = [5000, 15000];
/** A page that nobody looks at gives its connection back; a browser has few for one server. */
const HIDDEN_MS = 30_000;

/** @type {Set<(change: Change) => void>} */
const listeners = new Set();
/** @type {EventSource | null} */
let source = null;
let timer = 0;
let broken = false;

/**
 * @param {(change: Change) => void} listener
 * @returns {() => void} what ends it
 */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Opens the stream, if somebody is signed in. */
export function startLive() {
  stopLive();
  if (session.get() !== 'in') return;
  source = new EventSource(apiUrl('/events/stream'));
  source.addEventListener('open', () => {
    // While the stream was down anything may have changed.
    if (broken) tell({ home: null, what: 'all' });
    broken = false;
  });
  source.addEventListener('changed', (event) => {
    try {
      tell(JSON.parse(event.data));
    } catch {
      tell({ home: null, what: 'all' });
    }
  });
  source.addEventListener('bye', () => {
    stopLive();
    // Asking once lets a 401 take the one way that every 401 takes.
    api('GET', '/me').then(retryLater, retryLater);
  });
  source.addEventListener('error', () => {
    broken = true;
    // A refused stream is closed for good by the browser; a lost one it opens again by itself.
    if (source?.readyState === EventSource.CLOSED) retryLater();
  });
}

export function stopLive() {
  clearTimeout(timer);
  source?.close();
  source = null;
}

function retryLater() {
  broken = true;
  clearTimeout(timer);
  const [least, most] = RETRY_MS;
  timer = setTimeout(startLive, least + Math.random() * (most - least));
}

function tell(change) {
  for (const listener of [...listeners]) listener(change);
}

let hiding = 0;
document.addEventListener('visibilitychange', () => {
  clearTimeout(hiding);
  if (document.hidden) {
    hiding = setTimeout(stopLive, HIDDEN_MS);
  } else if (!source && session.get() === 'in') {
    broken = true;
    startLive();
  }
});

session.subscribe((state) => (state === 'in' ? startLive() : stopLive()));

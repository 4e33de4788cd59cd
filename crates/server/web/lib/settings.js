import { createStore } from './store.js';

/** What this browser remembers of its reader's wishes; nothing of it leaves the browser. */

/** @type {ReturnType<typeof createStore<'system' | 'light' | 'dark'>>} */
export const theme = createStore(read('ownsight-theme', 'system'));
/** Whether single keys do things. */
export const keysOn = createStore(read('ownsight-keys', 'on') === 'on');
/** Whether videos sound, where they have a sound. */
export const soundOn = createStore(read('ownsight-sound', 'off') === 'on');

theme.subscribe((value) => {
  const root = document.documentElement;
  root.classList.toggle('theme-light', value === 'light');
  root.classList.toggle('theme-dark', value === 'dark');
  write('ownsight-theme', value === 'system' ? null : value);
});
keysOn.subscribe((on) => write('ownsight-keys', on ? null : 'off'));
soundOn.subscribe((on) => write('ownsight-sound', on ? 'on' : null));

function read(key, fallback) {
  try {
    return localStorage.getItem(key) ?? fallback;
  } catch {
    return fallback;
  }
}

function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // The wish then lasts as long as this page.
  }
}

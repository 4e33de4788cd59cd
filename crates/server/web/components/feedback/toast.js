import { html, useEffect } from '../../lib/html.js';
import { createStore, useStore } from '../../lib/store.js';
import { Icon } from '../icon/icon.js';

const SHOWN_MS = 6000;

/** @type {ReturnType<typeof createStore<{id: number, text: string, undo: (() => void) | null} | null>>} */
const current = createStore(null);
let made = 0;

/** Says that something is done. Never for errors, which stay where they happened. @param {string} text @param {(() => void) | null} [undo] takes it back, for as long as the toast is there */
export function toast(text, undo = null) {
  made += 1;
  current.set({ id: made, text, undo });
}

/** The place where toasts appear; one on the page. */
export function Toasts() {
  const shown = useStore(current);
  useEffect(() => {
    if (!shown) return undefined;
    const timer = setTimeout(() => current.set(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  return html`
    <div class="toasts" role="status">
      ${shown && html`<div class="toast" key=${shown.id}><${Icon} name="check-circle-fill" /><span>${shown.text}</span>
        ${shown.undo && html`<button type="button" class="toast-undo" onClick=${() => { current.set(null); shown.undo(); }}>Undo</button>`}
        <button type="button" class="toast-close" aria-label="Dismiss" onClick=${() => current.set(null)}><${Icon} name="x" /></button></div>`}
    </div>`;
}

import { html, useEffect } from '../../lib/html.js';
import { Icon } from '../icon/icon.js';

/** The frame of pages for who is not signed in: one card. @param {{title: string, lead?: any, wide?: boolean, children?: any}} props */
export function Front({ title, lead, wide = false, children }) {
  useEffect(() => {
    document.title = `${title} · Ownsight`;
    document.querySelector('.front h1')?.focus({ preventScroll: true });
  }, [title]);
  return html`
    <main class="front" id="main">
      <div class="front-brand"><${Icon} name="mark" class="icon-24" /><b>Ownsight</b></div>
      <div class=${wide ? 'front-card front-wide' : 'front-card'}>
        <h1 tabindex="-1">${title}</h1>
        ${lead && html`<p class="soft front-lead">${lead}</p>`}
        ${children}
      </div>
    </main>`;
}

import { html } from '../../lib/html.js';
import { keyHelp } from '../../lib/keys.js';
import { Sheet } from '../overlay/dialog.js';

/** All keys. @param {{onClose: () => void}} props */
export function KeyHelp({ onClose }) {
  return html`
    <${Sheet} title="Keys" onClose=${onClose}>
      <div class="key-help">
        ${keyHelp.map(({ title, keys }) => html`<section key=${title}><h3>${title}</h3>
          <dl>${keys.map(([key, does]) => html`<dt>${caps(key)}</dt><dd class="soft">${does}</dd>`)}</dl></section>`)}
      </div>
      <p class="meta">They can be switched off under <a class="link" href="/account" onClick=${onClose}>Account</a>.</p>
    <//>`;
}

function caps(key) {
  return key.split(' ').map((part) => (part === 'then' ? html` <span class="meta">then</span> ` : html`<kbd>${part}</kbd> `));
}

import { html, useEffect, useRef } from '../../lib/html.js';
import { whenSaid } from '../../lib/time.js';
import { Copy } from '../form/copy.js';
import { Icon } from '../icon/icon.js';

/**
 * The link of an invitation to a home or to a share, which is shown this once.
 * @param {{home: any, invitation: {secret: string, email: string, expires_at: number}, what: 'invitation' | 'share', onClose: () => void}} props
 */
export function MadeLink({ home, invitation, what, onClose }) {
  const link = `${location.origin}/invite#${invitation.secret}`;
  const box = useRef(null);
  useEffect(() => {
    // The form before it may have been scrolled to its end.
    box.current.closest('dialog').scrollTop = 0;
    box.current.focus({ preventScroll: true });
  }, []);
  return html`
    <div class="stack">
      <p class="soft">Send it to <b class="strong">${invitation.email}</b> in a way that only they read.</p>
      <div class="field"><label for="invite-link">Link</label><input id="invite-link" ref=${box} class="input mono" readonly value=${link} onFocus=${(event) => event.currentTarget.select()} /></div>
      <ul class="invite-facts">
        <li><${Icon} name="check" />Works once, until ${whenSaid(invitation.expires_at, home.zone, Date.now() * 1000).replace(/^on /, '')}</li>
        <li><${Icon} name="check" />Only for who types ${invitation.email} after opening it; the page does not show the address</li>
        <li><${Icon} name="eye-slash" />Shown this once. If it is lost, withdraw the ${what} and make another</li>
      </ul>
      <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Done</button><${Copy} text=${link} label="Copy the link" class="btn btn-primary">Copy the link<//></div>
    </div>`;
}

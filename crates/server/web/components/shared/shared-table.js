import { api } from '../../lib/api.js';
import { html, useState } from '../../lib/html.js';
import { camerasSaid, giveUpWords, spanSaid, yourRightsSaid } from '../../lib/shares.js';
import { cityOf, sameClock, viewerZone } from '../../lib/time.js';
import { toast } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';
import { Confirm } from '../overlay/dialog.js';
import { Menu } from '../overlay/menu.js';

/**
 * What is shared with the account: which cameras, whose, what one may do, until when.
 * @param {{shares: any[], now: number, onGivenUp: () => void}} props
 */
export function SharedTable({ shares, now, onGivenUp }) {
  const [asking, setAsking] = useState(null);
  const giveUp = async () => {
    await api('DELETE', `/shares/${asking.id}`);
    toast(`${camerasSaid(asking.cameras)} of ${asking.home_name} given up.`);
    onGivenUp();
  };
  const words = asking && giveUpWords(asking);
  return html`
    <div class="card people-card"><table class="people people-shared">
      <colgroup><col /><col class="people-col-rights" /><col class="people-col-span" /><col class="people-col-end" /></colgroup>
      <thead><tr><th scope="col">Camera</th><th scope="col">You may</th><th scope="col">How long</th><th><span class="visually-hidden">More</span></th></tr></thead>
      <tbody>${shares.map((share) => html`
        <tr key=${share.id}>
          <th scope="row"><div class="person"><span class=${share.state === 'not-begun' ? 'avatar avatar-dashed' : 'avatar'} aria-hidden="true"><${Icon} name="security-camera" /></span>
            <div><b>${camerasSaid(share.cameras)}</b><small>${share.home_name}, shared by ${share.shared_by}</small></div></div></th>
          <td class="people-sees"><span class="people-word">may </span>${yourRightsSaid(share.rights)}</td>
          <td class="people-since">${spanSaid(share, now)}${elsewhere(share, now)}</td>
          <td class="people-end"><${Menu} label=${`More for ${camerasSaid(share.cameras)}`} items=${[{ label: 'Give it up', icon: 'sign-out', danger: true, onSelect: () => setAsking(share) }]} /></td>
        </tr>`)}</tbody>
    </table></div>
    ${asking && html`<${Confirm} title=${words.title} verb=${words.verb} onConfirm=${giveUp} onClose=${() => setAsking(null)}><p>${words.text}</p><//>`}`;
}

/** The home's clock, where it is not the reader's. */
function elsewhere({ state, until, zone }, now) {
  return (until === null && state === 'live') || sameClock(zone, viewerZone(), now) ? '' : html` <small class="soft">in ${cityOf(zone)}</small>`;
}

import { classes, html, useEffect, useRef } from '../../lib/html.js';
import { byWhom, whyText } from '../../lib/people.js';
import { camerasSaid, holderName, holderShort, momentSaid, rightsSaid, sharesInOrder, stateSaid } from '../../lib/shares.js';
import { whenSaid } from '../../lib/time.js';
import { Icon } from '../icon/icon.js';
import { Menu } from '../overlay/menu.js';
import { Avatar } from './avatar.js';

/**
 * What is shared outside the home, with whom.
 * @param {{home: any, people: any, now: number, marked: string | null, hrefOf: (why: string) => string, onPick: (event: Event, why: string) => void, onWhy: (why: string) => void, change: any, onShare: () => void}} props
 * `marked`: the share that the panel is about; `change`: of `useShareChange`
 */
export function ShareTable({ home, people, now, marked, hrefOf, onPick, onWhy, change, onShare }) {
  const { shares } = people;
  const heading = useRef(null);
  const before = useRef(shares.length);
  useEffect(() => {
    // What had the focus may have gone with its row.
    if (shares.length < before.current && document.activeElement === document.body) heading.current.focus({ preventScroll: true });
    before.current = shares.length;
  }, [shares.length]);
  return html`
    <section class="people-part" aria-labelledby="shares-title">
      <div class="people-title"><h2 id="shares-title" ref=${heading} tabindex="-1">Shares</h2><p class="soft">single cameras, to somebody outside the home</p></div>
      <div class="card people-card">${shares.length === 0
        ? html`<p class="people-none soft">Nobody outside this home sees a camera of it. <button type="button" class="link" onClick=${onShare}>Share a camera</button></p>`
        : html`<table class="people people-shares">
          <colgroup><col /><col class="people-col-sees" /><col class="people-col-until" /><col class="people-col-state" /><col class="people-col-end" /></colgroup>
          <thead><tr><th scope="col">Who</th><th scope="col">Sees</th><th scope="col">Until</th><th scope="col">State</th><th><span class="visually-hidden">More</span></th></tr></thead>
          <tbody>${sharesInOrder(shares).map((share) => (share.state === 'waiting'
            ? html`<${WaitingRow} key=${share.id} share=${share} people=${people} home=${home} now=${now} onWithdraw=${() => change.withdraw(share)} />`
            : html`<${ShareRow} key=${share.id} share=${share} people=${people} home=${home} now=${now} marked=${marked === share.id} hrefOf=${hrefOf} onPick=${onPick} onWhy=${onWhy} change=${change} />`))}</tbody>
        </table>`}</div>
    </section>`;
}

function ShareRow({ share, people, home, now, marked, hrefOf, onPick, onWhy, change }) {
  const why = whyText(share.id, share.cameras[0]?.id);
  const items = [
    ...(share.cameras.length > 1
      ? share.cameras.map((camera) => ({ label: `Why ${camera.name}`, icon: 'link-simple', onSelect: () => onWhy(whyText(share.id, camera.id)) }))
      : [{ label: 'Why', icon: 'link-simple', onSelect: () => onWhy(why) }]),
    { label: 'Change', icon: 'pencil-simple', onSelect: () => change.edit(share) },
    { label: 'End', icon: 'user-minus', danger: true, onSelect: () => change.end(share) },
  ];
  return html`
    <tr class=${classes(marked && 'people-marked')}>
      <th scope="row"><div class="person"><${Avatar} person=${{ name: share.name }} class=${share.state === 'not-begun' ? 'avatar-dashed' : ''} /><div><a class="person-why" href=${hrefOf(why)} onClick=${(event) => onPick(event, why)}><b>${share.name}</b></a><small>${rightsSaid(share.rights)}</small></div></div></th>
      <td class="people-sees">${camerasSaid(share.cameras)}</td>
      <td class="people-since">${share.until === null ? 'no end' : html`<span class="people-word">until </span>${momentSaid(share.until, home.zone, now)}`}</td>
      <td class="people-state">${stateSaid(share, home.zone, now)}</td>
      <td class="people-end"><${Menu} label=${`More for the share with ${holderShort(share, people)}`} items=${items} /></td>
    </tr>`;
}

function WaitingRow({ share, people, home, now, onWithdraw }) {
  return html`
    <tr class="people-invitation">
      <th scope="row"><div class="person"><span class="avatar avatar-dashed" aria-hidden="true"><${Icon} name="link-simple" /></span><div><b>Share for ${holderName(share)}, not used</b><small>made by ${byWhom(share.made_by, people.members)} ${whenSaid(share.made_at, home.zone, now)}</small></div></div></th>
      <td class="people-sees soft">${camerasSaid(share.cameras)}</td>
      <td class="people-since soft">${stateSaid(share, home.zone, now)}</td>
      <td class="people-end" colspan="2"><button type="button" class="btn btn-quiet people-withdraw" aria-label=${`Withdraw the share for ${share.email}`} onClick=${onWithdraw}>Withdraw</button></td>
    </tr>`;
}

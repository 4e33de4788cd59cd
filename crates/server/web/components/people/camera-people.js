import { html } from '../../lib/html.js';
import { inOrder, whyText, whyTitle } from '../../lib/people.js';
import { sharesInOrder, shareWhyTitle } from '../../lib/shares.js';
import { Avatar } from './avatar.js';

/**
 * Who can see which camera: a card for each, a tap on a person says why. Members first, then who has a share.
 * @param {{people: any, cameras: any[], why: string | null, hrefOf: (why: string) => string, onPick: (event: Event, why: string) => void}} props
 */
export function CameraPeople({ people, cameras, why, hrefOf, onPick }) {
  if (!cameras.length) return null;
  const accepted = sharesInOrder(people.shares).filter(({ state }) => state !== 'waiting');
  const dashed = accepted.some(({ state }) => state === 'not-begun');
  const seersOf = (camera) => [
    ...inOrder(people.members).map((member) => ({ own: whyText(member.id, camera.id), person: member, label: whyTitle(member, camera, people.members) })),
    ...accepted.filter(({ cameras: shared }) => shared.some(({ id }) => id === camera.id))
      .map((share) => ({ own: whyText(share.id, camera.id), person: { name: share.name }, label: shareWhyTitle(share, camera, people), look: share.state === 'not-begun' ? 'avatar-dashed' : '' })),
  ];
  return html`
    <section class="people-part" aria-labelledby="who-sees-title">
      <div class="people-title"><h2 id="who-sees-title">Who can see which camera</h2><p class="soft">tap a person to see why${dashed && '; dashed: not begun'}</p></div>
      <ul class="who-sees">
        ${cameras.map((camera) => html`<li key=${camera.id} class="card"><h3>${camera.name}</h3>
          <ul class="who-sees-people" aria-label=${`Can see ${camera.name}`}>${seersOf(camera).map(({ own, person, label, look }) => html`<li key=${own}><a class="who-sees-person" data-keep=${own} href=${hrefOf(own)} title=${person.name} aria-label=${label} aria-current=${why === own ? 'true' : undefined} onClick=${(event) => onPick(event, own)}><${Avatar} person=${person} class=${look} /></a></li>`)}</ul></li>`)}
      </ul>
      ${people.role === 'viewer' && html`<p class="meta people-note">Shares with people outside this home are shown to its owners and adults.</p>`}
    </section>`;
}

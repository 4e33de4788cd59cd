import { html } from '../../lib/html.js';
import { inOrder, whyText, whyTitle } from '../../lib/people.js';
import { Avatar } from './avatar.js';

/**
 * Who can see which camera: a card for each, a tap on a person says why.
 * @param {{members: any[], cameras: any[], why: string | null, hrefOf: (why: string) => string, onPick: (event: Event, why: string) => void}} props
 */
export function CameraPeople({ members, cameras, why, hrefOf, onPick }) {
  if (!cameras.length) return null;
  return html`
    <section class="people-part" aria-labelledby="who-sees-title">
      <div class="people-title"><h2 id="who-sees-title">Who can see which camera</h2><p class="soft">tap a person to see why</p></div>
      <ul class="who-sees">
        ${cameras.map((camera) => html`<li key=${camera.id} class="card"><h3>${camera.name}</h3>
          <ul class="who-sees-people" aria-label=${`Can see ${camera.name}`}>${inOrder(members).map((member) => {
            const own = whyText(member.id, camera.id);
            return html`<li key=${own}><a class="who-sees-person" data-keep=${own} href=${hrefOf(own)} title=${member.name} aria-label=${whyTitle(member, camera, members)} aria-current=${why === own ? 'true' : undefined} onClick=${(event) => onPick(event, own)}><${Avatar} person=${member} /></a></li>`;
          })}</ul></li>`)}
      </ul>
    </section>`;
}

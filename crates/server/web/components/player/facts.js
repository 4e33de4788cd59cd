import { html } from '../../lib/html.js';
import { clock, dateName, dayName, dayOf, duration } from '../../lib/time.js';
import { bytes, firstName, labelSource, labelWords, listed } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';

/**
 * What is known about the event, and from whom: the side panel, on a phone the list below the timeline.
 * @param {{home: any, event: any, zone: string, members: any[] | undefined, phone: boolean, onDelete: (() => void) | null}} props
 */
export function Facts({ home, event, zone, members, phone, onDelete }) {
  const label = labelWords(event.label);
  const motion = [event.motion_started_at ?? event.started_at, event.motion_ended_at ?? event.ended_at].map((at) => clock(at, zone, { seconds: true }));
  const length = duration(event.ended_at - event.started_at);
  const keptUntil = event.expires_at ? `kept until ${dateName(dayOf(event.expires_at, zone), { thisYear: dayOf(event.started_at, zone).slice(0, 4) })}` : 'kept until deleted';
  const by = event.found_by ? `found by ${event.found_by === 'This server' ? 'this server' : event.found_by}` : 'found by the camera itself';
  const who = members ? listed(members.map((member) => (member.you && members.length === 1 ? 'You' : firstName(member.name)))) : '';
  const people = `/h/${home.id}/people`;
  const alone = members?.length === 1 && members[0].you;
  if (phone) {
    return html`
      <ul class="facts-list">
        <${Line} icon=${label.icon}><b>${label.name}</b>, ${labelSource(event.label_source)}<//>
        <${Line} icon="clock" more=${by}>Motion ${motion[0]}–${motion[1]}<//>
        <${Line} icon="film-strip" more=${`${bytes(event.clip_bytes)}, ${keptUntil}`}>${length}, no sound<//>
        ${members && html`<${Line} icon="users-three" more="Nobody outside this home."><b>${who}</b> can see this. <a class="link" href=${people}>People</a><//>`}
      </ul>`;
  }
  return html`
    <aside class="facts" aria-label="About this event">
      <div class="facts-head"><p class="facts-time num">${clock(event.started_at, zone, { seconds: true })}</p><p class="soft">${dayName(dayOf(event.started_at, zone), { thisYear: '-' })}</p></div>
      <dl class="facts-table">
        <div><dt>Camera</dt><dd>${event.camera_name}</dd></div>
        <div><dt>Label</dt><dd>${label.name}<small>${labelSource(event.label_source)}</small></dd></div>
        <div><dt>Motion</dt><dd class="num">${motion[0]} to ${motion[1]}<small>${by}</small></dd></div>
        <div><dt>Clip</dt><dd>${length}, no sound<small>${bytes(event.clip_bytes)}${event.width ? `, ${event.width}×${event.height}` : ''}</small><small>${keptUntil}</small></dd></div>
      </dl>
      ${members && html`<section class="facts-part"><h2>Who can see this</h2><p>${alone ? 'You, as a member.' : `${who}, as members.`}</p><p class="soft">Nobody outside this home.</p><p><a class="link" href=${people}>People of this home</a></p></section>`}
      ${onDelete && html`<div class="facts-end"><button type="button" class="btn btn-wide btn-danger" onClick=${onDelete}><${Icon} name="trash" />Delete event</button></div>`}
    </aside>`;
}

function Line({ icon, more, children }) {
  return html`<li><${Icon} name=${icon} class="icon-24" /><div><p>${children}</p>${more && html`<p class="soft">${more}</p>`}</div></li>`;
}

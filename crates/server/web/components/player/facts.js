import { html } from '../../lib/html.js';
import { clock, dateName, dayName, dayOf, duration } from '../../lib/time.js';
import { soundWords } from '../../lib/sound.js';
import { bytes, labelSource, labelWords } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';

/**
 * What is known about the event, and from whom: the side panel, on a phone the list below the timeline.
 * @param {{event: any, zone: string, seen: {title: string, text: string, short: string, more: string, href: string, link: string} | null | undefined, sound: boolean | null, phone: boolean, onDelete: (() => void) | null}} props
 * `seen`: who can see it, or why the reader can; `short`: the same for the phone; `sound`: whether it has one, if that is known
 */
export function Facts({ event, zone, seen, sound, phone, onDelete }) {
  const label = labelWords(event.label);
  const motion = [event.motion_started_at ?? event.started_at, event.motion_ended_at ?? event.ended_at].map((at) => clock(at, zone, { seconds: true }));
  const length = duration(event.ended_at - event.started_at);
  const keptUntil = event.expires_at ? `kept until ${dateName(dayOf(event.expires_at, zone), { thisYear: dayOf(event.started_at, zone).slice(0, 4) })}` : 'kept until deleted';
  const by = event.found_by ? `found by ${event.found_by === 'This server' ? 'this server' : event.found_by}` : 'found by the camera itself';
  if (phone) {
    return html`
      <ul class="facts-list">
        <${Line} icon=${label.icon}><b>${label.name}</b>, ${labelSource(event.label_source)}<//>
        <${Line} icon="clock" more=${by}>Motion ${motion[0]}–${motion[1]}<//>
        <${Line} icon="film-strip" more=${`${bytes(event.clip_bytes)}, ${keptUntil}`}>${length}${soundWords(sound)}<//>
        ${seen && html`<${Line} icon="users-three" more=${seen.more}>${seen.short} <a class="link nowrap" href=${seen.href}>${seen.link}</a><//>`}
      </ul>`;
  }
  return html`
    <aside class="facts" aria-label="About this event">
      <div class="facts-head"><p class="facts-time num">${clock(event.started_at, zone, { seconds: true })}</p><p class="soft">${dayName(dayOf(event.started_at, zone), { thisYear: '-' })}</p></div>
      <dl class="facts-table">
        <div><dt>Camera</dt><dd>${event.camera_name}</dd></div>
        <div><dt>Label</dt><dd>${label.name}<small>${labelSource(event.label_source)}</small></dd></div>
        <div><dt>Motion</dt><dd class="num">${motion[0]} to ${motion[1]}<small>${by}</small></dd></div>
        <div><dt>Clip</dt><dd>${length}${soundWords(sound)}<small>${bytes(event.clip_bytes)}${event.width ? `, ${event.width}×${event.height}` : ''}</small><small>${keptUntil}</small></dd></div>
      </dl>
      ${seen && html`<section class="facts-part"><h2>${seen.title}</h2><p>${seen.text}</p><p class="soft">${seen.more}</p><p><a class="link" href=${seen.href}>${seen.link}</a></p></section>`}
      ${onDelete && html`<div class="facts-end"><button type="button" class="btn btn-wide btn-danger" onClick=${onDelete}><${Icon} name="trash" />Delete event</button></div>`}
    </aside>`;
}

function Line({ icon, more, children }) {
  return html`<li><${Icon} name=${icon} class="icon-24" /><div><p>${children}</p>${more && html`<p class="soft">${more}</p>`}</div></li>`;
}

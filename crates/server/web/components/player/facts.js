import { html } from '../../lib/html.js';
import { clock, dateName, dayName, dayOf, duration } from '../../lib/time.js';
import { soundWords } from '../../lib/sound.js';
import { bytes, labelSource, labelWords, whoSays } from '../../lib/words.js';
import { notEventItem } from '../event-card/not-event.js';
import { Icon } from '../icon/icon.js';

/**
 * What is known about the event, and from whom: the side panel, on a phone the list below the timeline.
 * @param {{event: any, zone: string, seen: {title: string, text: string, short: string, more: string, href: string, link: string} | null | undefined, sound: boolean | null, phone: boolean, onDelete: (() => void) | null, onNotEvent: (() => void) | null}} props
 * `seen`: who can see it, or why the reader can; `short`: the same for the phone; `sound`: whether it has one, if that is known
 */
export function Facts({ event, zone, seen, sound, phone, onDelete, onNotEvent }) {
  const label = labelWords(event.label);
  const motion = [event.motion_started_at ?? event.started_at, event.motion_ended_at ?? event.ended_at].map((at) => clock(at, zone, { seconds: true }));
  const length = duration(event.ended_at - event.started_at);
  const keptUntil = event.expires_at ? `kept until ${dateName(dayOf(event.expires_at, zone), { thisYear: dayOf(event.started_at, zone).slice(0, 4) })}` : 'kept until deleted';
  const says = whoSays(event.label, event.label_source);
  const by = event.found_by ? `found by ${event.found_by === 'This server' ? 'this server' : event.found_by}` : 'found by the camera itself';
  const not = onNotEvent && notEventItem(event, onNotEvent);
  const notButton = (look) => not && html`<button type="button" class=${look} onClick=${not.onSelect}><${Icon} name=${not.icon} />${not.label}</button>`;
  if (phone) {
    return html`
      <ul class="facts-list">
        <${Line} icon=${label.icon} end=${notButton('btn')}><b>${label.name}</b>${says && html`<span class="soft"> · ${says}</span>`}<//>
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
        <div><dt>About</dt><dd class="facts-label"><span><${Icon} name=${label.icon} />${label.name}</span><small>${says ?? labelSource(event.label_source)}</small>${event.not_an_event && html`<small>said to be no event</small>`}</dd></div>
        <div><dt>Motion</dt><dd class="num">${motion[0]} to ${motion[1]}<small>${by}</small></dd></div>
        <div><dt>Clip</dt><dd>${length}${soundWords(sound)}<small>${bytes(event.clip_bytes)}${event.width ? `, ${event.width}×${event.height}` : ''}</small><small>${keptUntil}</small></dd></div>
      </dl>
      ${seen && html`<section class="facts-part"><h2>${seen.title}</h2><p>${seen.text}</p><p class="soft">${seen.more}</p><p><a class="link" href=${seen.href}>${seen.link}</a></p></section>`}
      ${(onDelete || not) && html`<div class="facts-end">${notButton('btn btn-wide')}${onDelete && html`<button type="button" class="btn btn-wide btn-danger" onClick=${onDelete}><${Icon} name="trash" />Delete event</button>`}</div>`}
    </aside>`;
}

function Line({ icon, more, end = null, children }) {
  return html`<li><${Icon} name=${icon} class="icon-24" /><div><p>${children}</p>${more && html`<p class="soft">${more}</p>`}</div>${end && html`<div class="facts-line-end">${end}</div>`}</li>`;
}

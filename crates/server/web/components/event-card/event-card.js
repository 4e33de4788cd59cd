import { mediaUrl } from '../../lib/api.js';
import { html } from '../../lib/html.js';
import { may } from '../../lib/shares.js';
import { clock, clockParts, duration, sameClock, spokenDuration, viewerZone } from '../../lib/time.js';
import { labelWords, whoSays } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';
import { Menu } from '../overlay/menu.js';
import { Picture } from '../picture/picture.js';
import { notEventItem } from './not-event.js';

/**
 * An event in a list: one link with a picture, and a menu beside it. The ring says that you have not opened it.
 * @param {{event: any, zone: string, href: string, onDelete: (event: any) => void, onNotEvent?: ((event: any) => void) | null}} props `onNotEvent`: null for who has no say in it
 */
export function EventCard({ event, zone, href, onDelete, onNotEvent = null }) {
  const { minutes, seconds, suffix } = clockParts(event.started_at, zone);
  const label = labelWords(event.label);
  const says = whoSays(event.label, event.label_source);
  const length = event.ended_at - event.started_at;
  const own = viewerZone();
  const elsewhere = !sameClock(zone, own, event.started_at);
  const spoken = [label.name, says, event.camera_name, clock(event.started_at, zone, { seconds: true }), spokenDuration(length), !event.opened && 'not opened'].filter(Boolean).join(', ');
  const items = [
    may(event, 'export') && { label: 'Download', icon: 'download-simple', href: mediaUrl(event.video_url, { download: '1' }), download: '' },
    onNotEvent && notEventItem(event, () => onNotEvent(event)),
    may(event, 'delete') && { label: 'Delete', icon: 'trash', danger: true, onSelect: () => onDelete(event) },
  ].filter(Boolean);
  return html`
    <li class="event" data-keep=${event.id}>
      <a class="event-link" href=${href} aria-label=${spoken}>
        <span class="event-picture"><${Picture} src=${mediaUrl(event.thumbnail_url)} /><span class="event-length num">${duration(length)}</span></span>
        <span class="event-text">
          <span class="event-time"><time><b>${minutes}</b><span>${seconds}</span>${suffix && html` <span>${suffix}</span>`}</time>${!event.opened && html`<span class="ring" title="You have not opened it"></span>`}</span>
          <span class="event-what"><span class="event-label"><${Icon} name=${label.icon} /><b>${label.name}</b>${says && html`<span class="event-says"> · ${says}</span>`}</span><span class="event-camera">${event.camera_name}</span></span>
          ${elsewhere && html`<span class="event-own meta">${clock(event.started_at, own, { seconds: true })} where you are</span>`}
        </span>
      </a>
      ${items.length > 0 && html`<${Menu} label=${`More for ${label.name}, ${event.camera_name}, ${minutes}`} items=${items} class="icon-btn event-menu" />`}
    </li>`;
}

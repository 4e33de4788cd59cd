import { apiUrl } from '../../lib/api.js';
import { html, useEffect, useRef } from '../../lib/html.js';
import { clock } from '../../lib/time.js';
import { Picture } from '../picture/picture.js';

const SHOWN = 7;

/**
 * The neighbours of the event on its day, oldest on the left.
 * @param {{events: {id: string, camera_id: string, started_at: number}[], current: string, zone: string, hrefOf: (id: string) => string, nameOf: (camera: string) => string, onGo: (id: string) => void}} props `events`: of the day, oldest first
 */
export function Filmstrip({ events, current, zone, hrefOf, nameOf, onGo }) {
  const strip = useRef(null);
  useEffect(() => {
    const here = strip.current?.querySelector('[aria-current]');
    if (here) strip.current.scrollLeft = here.parentElement.offsetLeft - (strip.current.clientWidth - here.offsetWidth) / 2;
  }, [current, events.length]);
  const shown = windowAround(events, events.findIndex(({ id }) => id === current), SHOWN);
  if (shown.length < 2) return null;
  return html`
    <nav class="filmstrip" aria-label="Events before and after"><ol ref=${strip}>
      ${shown.map((event) => html`<li key=${event.id}>
        <a href=${hrefOf(event.id)} aria-current=${event.id === current ? 'true' : undefined} aria-label=${`${clock(event.started_at, zone, { seconds: true })}, ${nameOf(event.camera_id)}`}
          onClick=${(press) => { if (press.metaKey || press.ctrlKey || press.shiftKey) return; press.preventDefault(); onGo(event.id); }}>
          <span class="filmstrip-picture"><${Picture} src=${apiUrl(`/events/${event.id}/thumbnail`)} /></span>
          <span class="filmstrip-time num">${clock(event.started_at, zone)}</span>
        </a></li>`)}
    </ol></nav>`;
}

/**
 * `n` items with the one at `at` in the middle, as far as the ends allow.
 * @template T
 * @param {T[]} items
 * @param {number} at
 * @param {number} n
 */
export function windowAround(items, at, n) {
  if (at < 0) return [];
  const from = Math.max(0, Math.min(at - Math.floor(n / 2), items.length - n));
  return items.slice(from, from + n);
}

import { queryOf } from '../../lib/filter.js';
import { classes, html, useRef } from '../../lib/html.js';
import { navigate, place } from '../../lib/router.js';
import { count } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';
import { Popover, usePopover } from '../overlay/popover.js';

/** The filter lives in the address. @param {import('../../lib/filter.js').Filter} filter */
export function setFilter(filter) {
  navigate(place.get().path + queryOf(filter));
}

/** @param {{chips?: any, cameras: any[], filter: any}} props `chips`: gets the element */
export function CameraFilter({ chips, cameras, filter }) {
  if (!isOffered(cameras, filter)) return null;
  return html`<div ref=${chips} class="chips wide-only" role="group" aria-label="Shown"><${CameraChips} cameras=${cameras} filter=${filter} /><${NotChip} cameras=${cameras} filter=${filter} /></div>`;
}

const someAreNot = (cameras, filter) => Boolean(filter.not) || cameras.some(({ not_events: n }) => n > 0);
const isOffered = (cameras, filter) => cameras.length > 1 || someAreNot(cameras, filter);

/** Once somebody has said of an event that it is none, these can be looked at. */
function NotChip({ cameras, filter }) {
  if (!someAreNot(cameras, filter)) return null;
  return html`<button type="button" class="chip" aria-pressed=${Boolean(filter.not)} onClick=${() => setFilter({ ...filter, not: !filter.not })}><${Icon} name="eye-slash" /><span>Not an event</span></button>`;
}

function CameraChips({ cameras, filter }) {
  if (cameras.length < 2) return null;
  const toggle = (id) => {
    const next = filter.cameras.includes(id) ? filter.cameras.filter((other) => other !== id) : [...filter.cameras, id];
    setFilter({ ...filter, cameras: next.length === cameras.length ? [] : next });
  };
  return html`
    <button type="button" class="chip" aria-pressed=${!filter.cameras.length} onClick=${() => setFilter({ ...filter, cameras: [] })}>All cameras</button>
    ${cameras.map(({ id, name }) => html`<button key=${id} type="button" class="chip" aria-pressed=${filter.cameras.includes(id)} onClick=${() => toggle(id)}><span>${name}</span></button>`)}`;
}

/** The same on a phone, in a sheet. @param {{cameras: any[], filter: any}} props */
export function CameraFilterSheet({ cameras, filter }) {
  const anchor = useRef(null);
  const popover = usePopover();
  if (!isOffered(cameras, filter)) return null;
  return html`
    <button ref=${anchor} type="button" data-filter class=${classes('icon-btn', (filter.cameras.length > 0 || filter.not) && 'icon-btn-on')} aria-label=${filter.cameras.length ? `Filter, ${count(filter.cameras.length, 'camera')} shown` : 'Filter'} aria-expanded=${popover.open} onClick=${popover.toggle}><${Icon} name="funnel-simple" class="icon-24" /></button>
    <${Popover} anchor=${anchor} open=${popover.open} onClose=${popover.close} label="Filter">
      <h2 class="sheet-title">Shown</h2>
      <div class="chips" role="group" aria-label="Shown"><${CameraChips} cameras=${cameras} filter=${filter} /><${NotChip} cameras=${cameras} filter=${filter} /></div>
    <//>`;
}

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
  if (cameras.length < 2) return null;
  return html`<div ref=${chips} class="chips wide-only" role="group" aria-label="Cameras shown"><${CameraChips} cameras=${cameras} filter=${filter} /></div>`;
}

function CameraChips({ cameras, filter }) {
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
  if (cameras.length < 2) return null;
  return html`
    <button ref=${anchor} type="button" data-filter class=${classes('icon-btn', filter.cameras.length > 0 && 'icon-btn-on')} aria-label=${filter.cameras.length ? `Filter, ${count(filter.cameras.length, 'camera')} shown` : 'Filter'} aria-expanded=${popover.open} onClick=${popover.toggle}><${Icon} name="funnel-simple" class="icon-24" /></button>
    <${Popover} anchor=${anchor} open=${popover.open} onClose=${popover.close} label="Filter">
      <h2 class="sheet-title">Cameras</h2>
      <div class="chips" role="group" aria-label="Cameras shown"><${CameraChips} cameras=${cameras} filter=${filter} /></div>
    <//>`;
}

import { droppedWords } from '../../lib/dropped.js';
import { html } from '../../lib/html.js';
import { dateName, dayOf, when } from '../../lib/time.js';
import { bytes, count } from '../../lib/words.js';

/** How much a home keeps, of how much, and what happens at the end of it. @param {{home: any, detailed?: boolean}} props `home`: the `Home` of the API */
export function Storage({ home, detailed = false }) {
  const share = home.retention_bytes ? Math.min(1, home.used_bytes / home.retention_bytes) : 0;
  const left = home.disk.free_bytes - home.disk.floor_bytes;
  const now = Date.now() * 1000;
  const room = home.used_bytes + Math.max(0, left);
  return html`
    <section class="storage" aria-labelledby="storage-title">
      <h2 id="storage-title">Storage of this home</h2>
      <div class="storage-row">
        <div class="storage-meter">
          <p><b>${sizeOf(home)}</b></p>
          <svg class="meter" width="100%" height="8" role="img" aria-label=${`${Math.round(share * 100)} per cent used`}><rect width="100%" height="8" rx="3" class="meter-ground" /><rect width=${`${Math.max(home.used_bytes ? 0.5 : 0, share * 100).toFixed(2)}%`} height="8" rx="3" class=${share > 0.95 ? 'meter-part meter-warn' : 'meter-part'} /></svg>
        </div>
        <div class="storage-text soft">
          <p>${home.retention_days ? `Events are kept ${count(home.retention_days, 'day')}` : 'Events are kept until the space is used'}${home.oldest_event_at ? `, the oldest is of ${dateName(dayOf(home.oldest_event_at, home.zone), { thisYear: dayOf(now, home.zone).slice(0, 4) })}` : ''}. If the space does not last, the oldest events go first.</p>
          ${home.dropped && html`<p><b>${droppedWords(home.dropped, home.zone, now)}</b></p>`}
          ${home.disk.full_since && html`<p class="storage-full"><b>The server's disk is full since ${when(home.disk.full_since, home.zone, now)}.</b> Devices keep new events until there is room again.</p>`}
          ${detailed && html`<p>${count(home.events, 'event')}. The server's disk has ${bytes(home.disk.free_bytes)} free; ${bytes(home.disk.floor_bytes)} of it always stay free${left > 0 ? `, so ${bytes(left)} can still be used` : ''}.</p>`}
          ${detailed && home.retention_bytes > room && !home.disk.full_since && html`<p class="storage-short">This home may use more than the disk has. When that is full, new events wait on the devices, and old ones do not make room for them: let this home use less than ${bytes(room)}.</p>`}
        </div>
      </div>
    </section>`;
}

function sizeOf(home) {
  if (!home.retention_bytes) return `${bytes(home.used_bytes)} used`;
  const [of, unit] = bytes(home.retention_bytes).split(' ');
  const [used, usedUnit] = bytes(home.used_bytes).split(' ');
  return usedUnit === unit ? `${used} of ${of} ${unit}` : `${used} ${usedUnit} of ${of} ${unit}`;
}

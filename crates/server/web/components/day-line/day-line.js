import { PHONE, useMedia } from '../../lib/clockwork.js';
import { classes, html, useMemo, useRef, useState } from '../../lib/html.js';
import { joinGaps } from '../../lib/gaps.js';
import { clock, instantOf } from '../../lib/time.js';
import { count } from '../../lib/words.js';

/**
 * One day as a line: a row per camera, a tick per event, hatching where nothing was recorded, a thin line where quieted.
 * A tap goes to the nearest event; for keys it is a slider over the events.
 * @param {{day: any, cameras: {id: string, name: string, created_at?: number}[], onPick: (event: {id: string, started_at: number}) => void, now: number, label: string}} props
 * `day`: the `Day` of the API; `now`: microseconds
 */
export function DayLine({ day, cameras, onPick, now, label }) {
  const phone = useMedia(PHONE);
  const [at, setAt] = useState(null);
  const [hover, setHover] = useState(null);
  const plot = useRef(null);
  const events = useMemo(() => {
    const shown = new Set(cameras.map(({ id }) => id));
    return day.events.filter((event) => shown.has(event.camera_id));
  }, [day, cameras]);
  const gaps = useMemo(() => joinGaps(day.gaps), [day]);
  const span = day.ends_at - day.starts_at;
  const share = (time) => Math.min(1, Math.max(0, (time - day.starts_at) / span));
  const end = Math.min(now, day.ends_at);
  const rows = phone ? [{ id: 'all', name: '', of: cameras.map(({ id }) => id), since: Math.min(...cameras.map(sinceOf)) }] : cameras.map((camera) => ({ id: camera.id, name: camera.name, of: [camera.id], since: sinceOf(camera) }));

  const pickNear = (clientX, clientY) => {
    const box = plot.current.getBoundingClientRect();
    const time = day.starts_at + ((clientX - box.left) / box.width) * span;
    const row = rows[Math.min(rows.length - 1, Math.max(0, Math.floor(((clientY - box.top) / box.height) * rows.length)))];
    const own = events.filter(({ camera_id }) => row.of.includes(camera_id));
    const near = nearest(own.length ? own : events, time);
    if (near) {
      setAt(near.id);
      onPick(near);
    }
  };
  const here = events.findIndex(({ id }) => id === at);
  const keys = (event) => {
    const last = events.length - 1;
    const to = { ArrowLeft: here < 0 ? last : Math.max(0, here - 1), ArrowDown: here < 0 ? last : Math.max(0, here - 1), ArrowRight: Math.min(last, here + 1), ArrowUp: Math.min(last, here + 1), Home: 0, End: last }[event.key];
    if (event.key === 'Enter' && events[here]) onPick(events[here], true);
    if (to === undefined || !events[to]) return;
    event.preventDefault();
    setAt(events[to].id);
    onPick(events[to]);
  };
  const nameOf = (id) => cameras.find((camera) => camera.id === id)?.name ?? 'a camera';
  const spoken = here >= 0 ? `${clock(events[here].started_at, day.zone, { seconds: true })}, ${nameOf(events[here].camera_id)}` : count(events.length, 'event');
  const hoverTime = hover === null ? null : day.starts_at + hover * span;

  return html`
    <div class=${classes('day-line', phone && 'day-line-one', rows.length > 6 && 'day-line-many')}>
      ${!phone && html`<div class="day-line-names" aria-hidden="true">${rows.map(({ id, name }) => html`<span key=${id}>${name}</span>`)}</div>`}
      <div class="day-line-plot">
        <div ref=${plot} class="day-line-rows" role="slider" tabindex=${events.length ? 0 : -1} aria-label=${label} aria-orientation="horizontal"
          aria-valuemin="1" aria-valuemax=${Math.max(1, events.length)} aria-valuenow=${here + 1 || events.length || 1} aria-valuetext=${spoken} aria-disabled=${!events.length}
          onClick=${(event) => pickNear(event.clientX, event.clientY)} onKeyDown=${keys}
          onPointerMove=${(event) => event.pointerType === 'mouse' && setHover(shareAt(event))} onPointerLeave=${() => setHover(null)}>
          ${rows.map((row) => html`<${Row} key=${row.id} row=${row} events=${events} gaps=${gaps} share=${share} end=${end} at=${at} phone=${phone} />`)}
          <${Grid} day=${day} share=${share} />
          ${now < day.ends_at && now > day.starts_at && html`<${NowLine} share=${share(now)} text=${phone ? '' : `now ${clock(now, day.zone)}`} />`}
          ${hoverTime !== null && hoverTime < end && html`<svg class="day-line-over" aria-hidden="true"><line x1=${pc(hover)} x2=${pc(hover)} y1="0" y2="100%" class="day-line-hover" />
            <text x=${pc(hover)} y="-5" text-anchor="middle" class="day-line-hover-text">${clock(hoverTime, day.zone)}</text></svg>`}
        </div>
        <${Hours} day=${day} share=${share} />
      </div>
    </div>`;
}

/** Before it was added a camera has no line. @param {{created_at?: number}} camera */
const sinceOf = ({ created_at: since }) => since ?? 0;
const pc = (share) => `${(share * 100).toFixed(3)}%`;

function shareAt(event) {
  const box = event.currentTarget.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
}

/** @param {{started_at: number}[]} events oldest first @param {number} time */
function nearest(events, time) {
  return events.reduce((best, event) => (!best || Math.abs(event.started_at - time) < Math.abs(best.started_at - time) ? event : best), null);
}

function Row({ row, events, gaps, share, end, at, phone }) {
  const own = gaps.filter(({ camera_id }) => row.of.includes(camera_id));
  const dark = own.filter(({ reason }) => reason !== 'quieted');
  const quiet = own.filter(({ reason }) => reason === 'quieted');
  const band = (gap, part) => ({ x: pc(share(gap.from)), width: pc(Math.max(0, share(Math.min(gap.to ?? end, end)) - share(gap.from))), ...part });
  return html`
    <svg class="day-line-row" aria-hidden="true">
      <rect x=${pc(share(row.since))} width=${pc(Math.max(0, share(end) - share(row.since)))} class="day-line-track" />
      ${dark.map((gap) => html`<rect ...${band(gap, phone ? { class: 'day-line-gap-under' } : { class: 'day-line-gap-ground' })} />`)}
      ${dark.map((gap) => html`<rect ...${band(gap, { class: phone ? 'day-line-gap-under' : 'day-line-gap', fill: 'url(#hatch)' })} />`)}
      ${quiet.map((gap) => html`<rect ...${band(gap, { class: 'day-line-quiet' })} />`)}
      ${events.filter(({ camera_id }) => row.of.includes(camera_id)).map((event) => html`
        <rect key=${event.id} x=${pc(share(event.started_at))} transform="translate(-1.5 0)" width="3" class=${event.id === at ? 'day-line-tick day-line-tick-at' : 'day-line-tick'} />`)}
    </svg>`;
}

function Grid({ day, share }) {
  return html`<svg class="day-line-under" aria-hidden="true">${hoursOf(day).map(({ hour, time }) => html`<line key=${hour} x1=${pc(share(time))} x2=${pc(share(time))} y1="0" y2="100%" class="day-line-hour" />`)}</svg>`;
}

function NowLine({ share, text }) {
  const left = share > 0.88;
  return html`<svg class="day-line-over" aria-hidden="true"><line x1=${pc(share)} x2=${pc(share)} y1="0" y2="100%" class="day-line-now" />
    ${text && html`<text x=${pc(share)} dx=${left ? -7 : 7} y="14" text-anchor=${left ? 'end' : 'start'} class="day-line-text">${text}</text>`}</svg>`;
}

function Hours({ day, share }) {
  return html`<svg class="day-line-hours" aria-hidden="true">${hoursOf(day).map(({ hour, time }) => html`
    <text key=${hour} x=${pc(share(time))} y="13" text-anchor=${hour === 0 ? 'start' : hour === 24 ? 'end' : 'middle'} class="day-line-text">${String(hour).padStart(2, '0')}</text>`)}</svg>`;
}

/** Every third hour where the home's clock shows it, also on days of 23 and 25 hours. */
function hoursOf(day) {
  return [0, 3, 6, 9, 12, 15, 18, 21, 24].map((hour) => ({ hour, time: hour === 0 ? day.starts_at : hour === 24 ? day.ends_at : instantOf(day.date, hour, day.zone) }));
}

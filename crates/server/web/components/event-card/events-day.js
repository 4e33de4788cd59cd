import { useNow } from '../../lib/clockwork.js';
import { droppedWithin, droppedWords } from '../../lib/dropped.js';
import { queryOf } from '../../lib/filter.js';
import { joinGaps, openGaps, weave } from '../../lib/gaps.js';
import { useDay } from '../../lib/home.js';
import { html, useMemo } from '../../lib/html.js';
import { addDays, dayName, dayOf } from '../../lib/time.js';
import { count } from '../../lib/words.js';
import { DayLine } from '../day-line/day-line.js';
import { Icon } from '../icon/icon.js';
import { EventCard } from './event-card.js';
import { GapLine } from './gap-line.js';

/**
 * One day of the list: its sticky header with the day line, then events and gaps, newest first.
 * @param {{home: any, day: string, events: any[], filter: any, cameras: any[], complete: boolean, waiting: number, onShowWaiting: () => void, onPick: (event: any) => void, onDelete: (event: any) => void, onNotEvent?: ((event: any) => void) | null, mayManage: boolean, dropped?: any, empty?: string}} props
 * `complete`: no event of this day is still to be loaded
 */
export function EventsDay({ home, day, events, filter, cameras, complete, waiting, onShowWaiting, onPick, onDelete, onNotEvent = null, mayManage, dropped = null, empty }) {
  const { data: answer, problem } = useDay(home.id, day);
  const data = useMemo(() => (answer ? { ...answer, gaps: [...answer.gaps, ...openGaps(cameras, answer)] } : null), [answer, cameras]);
  const clientNow = useNow() * 1000;
  // The server's clock draws the line; the browser's only moves it on.
  const skew = useMemo(() => (data ? data.now - Date.now() * 1000 : 0), [data]);
  const now = clientNow + skew;
  const shown = useMemo(() => (filter.cameras.length ? cameras.filter(({ id }) => filter.cameras.includes(id)) : cameras), [cameras, filter.cameras.join()]);
  const rows = useMemo(() => {
    const ids = new Set(shown.map(({ id }) => id));
    // The line and the gaps are those of what counts.
    const gaps = data && !filter.not ? joinGaps(data.gaps).filter(({ camera_id }) => ids.has(camera_id)) : [];
    return weave(events, gaps, { complete, startsAt: data?.starts_at ?? 0 });
  }, [events, data, shown, complete, filter.not]);
  const total = filter.not ? (complete ? events.length : null) : data ? data.events.filter(({ camera_id }) => !filter.cameras.length || filter.cameras.includes(camera_id)).length : null;
  // Of which cameras they are is not told.
  const lockedDown = filter.cameras.length ? 0 : data?.locked_down ?? 0;
  const unopened = complete ? events.filter(({ opened }) => !opened).length : 0;
  const today = dayOf(now, home.zone);
  const word = day === today ? 'Today, ' : day === addDays(today, -1) ? 'Yesterday, ' : '';
  const query = queryOf(filter);
  const nameOf = (id) => cameras.find((camera) => camera.id === id)?.name ?? 'A removed camera';

  return html`
    <section class="day" aria-labelledby=${`day-${day}`}>
      <header class="day-head">
        <div class="day-title">
          <h2 id=${`day-${day}`}>${dayName(day, { thisYear: today.slice(0, 4) })}</h2>
          <p class="day-count soft">${total !== null && html`<span class="wide-only">${word}</span>${count(total, 'event')}${lockedDown > 0 && `, ${lockedDown} locked down`}`}</p>
          ${unopened > 0 && html`<p class="day-unopened soft"><span class="ring"></span>${unopened} you have not opened</p>`}
        </div>
        <div class="day-line-box">
          ${filter.not ? null : data ? html`<${DayLine} day=${data} cameras=${shown} now=${now} onPick=${onPick} label=${`${dayName(day)}, events`} />` : !problem?.lockedDown && html`<${LineBones} n=${shown.length} />`}
        </div>
      </header>
      ${data?.truncated && html`<p class="meta">The line does not draw all of this day: there is too much of it. The list has every event.</p>`}
      ${data?.unverified > 0 && html`<p class="meta">${count(data.unverified, 'event')} of this day could not be verified, not shown.</p>`}
      ${data && droppedWithin(dropped, data) && html`<p class="meta">${droppedWords(dropped, home.zone, now)}</p>`}
      ${waiting > 0 && html`<button type="button" class="new-events" onClick=${onShowWaiting}><${Icon} name="arrow-up" />${count(waiting, 'new event')}</button>`}
      ${empty && html`<p class="day-empty">${empty}</p>`}
      <ol class="events">
        ${rows.map((row) => (row.kind === 'event'
          ? html`<${EventCard} key=${row.event.id} event=${row.event} zone=${home.zone} href=${`/h/${home.id}/events/${row.event.id}${query}`} onDelete=${onDelete} onNotEvent=${onNotEvent} />`
          : html`<${GapLine} key=${`${row.gap.camera_id} ${row.gap.from}`} gap=${row.gap} camera=${nameOf(row.gap.camera_id)} zone=${home.zone} day=${day} home=${home.id} mayManage=${mayManage} />`))}
      </ol>
    </section>`;
}

function LineBones({ n }) {
  return html`<div class="line-bones" aria-hidden="true">${Array.from({ length: Math.max(1, Math.min(n, 6)) }, () => html`<span class="bone"></span>`)}</div>`;
}

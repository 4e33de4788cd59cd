import { CameraFilter, CameraFilterSheet, setFilter } from '../components/event-card/camera-filter.js';
import { DeleteEvent } from '../components/event-card/delete-event.js';
import { ListEnd } from '../components/event-card/list-end.js';
import { SharedDay } from '../components/event-card/shared-day.js';
import { LeftOut } from '../components/feedback/lockdown.js';
import { Busy, ProblemPage, Skeleton, Unverified } from '../components/feedback/states.js';
import { SharedTable } from '../components/shared/shared-table.js';
import { Page } from '../components/shell/page.js';
import { useNow } from '../lib/clockwork.js';
import { groupByDay } from '../lib/days.js';
import { useEventList } from '../lib/event-list.js';
import { filterOf, queryOf } from '../lib/filter.js';
import { mePath, useShares } from '../lib/home.js';
import { html, useEffect, useState } from '../lib/html.js';
import { refresh } from '../lib/query.js';
import { place } from '../lib/router.js';
import { camerasSaid, shareOf, spanSaid, zonesSaid } from '../lib/shares.js';
import { useStore } from '../lib/store.js';
import { viewerZone } from '../lib/time.js';
import { useWhileVisible } from '../lib/visible.js';
import { count } from '../lib/words.js';

/** Shared with you: the cameras of others that the account may see, then their events. @param {{me: any}} props */
export function SharedPage({ me }) {
  const { data, problem, retryAt, reload } = useShares();
  const now = useNow() * 1000;
  useWhileVisible(reload);
  const shares = data?.shares;
  const live = shares?.filter(({ state }) => state === 'live') ?? [];
  // The navigation goes by the account's number of them.
  useEffect(() => {
    if (shares && live.length !== me.shares) refresh((path) => path === mePath);
  }, [shares]);
  return html`
    <${Frame} shares=${live} ready=${Boolean(shares)}>
      ${retryAt && html`<${Busy} retryAt=${retryAt} />`}
      ${!shares && problem && !retryAt && html`<${ProblemPage} problem=${problem} onRetry=${reload} />`}
      <${Skeleton} loading=${!shares && !problem}><div class="card">${[1, 2].map((n) => html`<div key=${n} class="person person-bone"><span class="bone avatar"></span><div><span class="bone bone-title"></span><span class="bone bone-text"></span></div></div>`)}</div><//>
      ${data?.unverified > 0 && html`<${Unverified} what=${count(data.unverified, 'share')} />`}
      ${shares?.length === 0 && html`<section class="state"><h2 class="state-title">Nothing is shared with you now</h2><p class="state-text">When somebody shares a camera with you, open the link that they pass on to you. The camera and its events then appear here.</p></section>`}
      ${shares?.length > 0 && html`<${Shared} shares=${shares} live=${live} now=${now} onChanged=${reload} />`}
    <//>`;
}

function Frame({ shares, ready, children }) {
  const { query } = useStore(place);
  const filter = sharedFilter(query);
  const cameras = camerasOf(shares);
  return html`
    <${Page} title="Shared with you" ofHome=${false} ready=${ready} class="shared-page"
      heading=${html`<${CameraFilter} cameras=${cameras} filter=${filter} />`}
      actions=${html`<${CameraFilterSheet} cameras=${cameras} filter=${filter} />`}>
      <div class="shared">${children}</div>
    <//>`;
}

/** Of the filter of a list, only cameras: days belong to a home. */
const sharedFilter = (query) => ({ cameras: filterOf(query).cameras, day: null });

/** Each camera once, though it may come by several shares. */
function camerasOf(shares) {
  return [...new Map(shares.flatMap(({ cameras }) => cameras).map((camera) => [camera.id, camera])).values()];
}

function Shared({ shares, live, now, onChanged }) {
  const { query } = useStore(place);
  const filter = sharedFilter(query);
  const list = useEventList({ home: null, ...filter });
  const [doomed, setDoomed] = useState(null);
  const zoneOf = (event) => shareOf(shares, event)?.zone ?? viewerZone();
  const hrefOf = ({ id }) => `/shared/events/${id}${queryOf(filter)}`;
  const known = shares.map(({ id, state }) => `${id} ${state}`).join();
  // What began or ended has other events.
  useEffect(() => {
    if (list.begun) list.look();
  }, [known]);
  const days = groupByDay(list.events, zoneOf);
  const none = list.begun && !list.events.length && !list.cursor;
  const showWaiting = () => {
    list.showWaiting();
    window.scrollTo(0, 0);
  };
  const elsewhere = zonesSaid(shares, viewerZone(), now);
  return html`
    <${SharedTable} shares=${shares} now=${now} onGivenUp=${onChanged} />
    <section aria-label="Events">
      ${elsewhere && list.events.length > 0 && html`<p class="meta">${elsewhere}</p>`}
      ${filter.cameras.length > 0 && html`<p class="active-filter"><span>Only ${camerasSaid(camerasOf(shares).filter(({ id }) => filter.cameras.includes(id))) || 'a camera that is not shared any more'}</span><button type="button" class="link" onClick=${() => setFilter({ cameras: [], day: null })}>Clear</button></p>`}
      ${list.retryAt && html`<${Busy} retryAt=${list.retryAt} />`}
      ${list.unverified > 0 && html`<${Unverified} what=${count(list.unverified, 'event')} />`}
      ${list.lockedDown > 0 && html`<${LeftOut} n=${list.lockedDown} />`}
      ${!list.begun && list.problem && !list.retryAt && html`<${ProblemPage} problem=${list.problem} onRetry=${list.more} />`}
      <${Skeleton} loading=${!list.begun && !list.problem}><div class="events">${Array.from({ length: 4 }, (_, n) => html`<div class="event" key=${n}><div class="event-link"><span class="event-picture bone"></span><span class="event-text"><span class="bone bone-time"></span><span class="bone bone-text"></span></span></div></div>`)}</div><//>
      ${none && html`<p class="day-empty">${noneSaid(live, shares, filter, now)}</p>`}
      ${days.map(({ day, events }, i) => html`
        <${SharedDay} key=${day} day=${day} events=${events} zoneOf=${zoneOf} hrefOf=${hrefOf} complete=${i < days.length - 1 || !list.cursor} waiting=${i === 0 ? list.waiting.length : 0} now=${now} onShowWaiting=${showWaiting} onDelete=${setDoomed} />`)}
      ${list.begun && (list.events.length > 0 || list.cursor) && html`<${ListEnd} list=${list}><p class="meta">No older events are open to you.</p><//>`}
    </section>
    ${doomed && html`<${DeleteEvent} event=${doomed} zone=${zoneOf(doomed)} onDeleted=${() => list.remove(doomed.id)} onClose=${() => setDoomed(null)} />`}`;
}

function noneSaid(live, shares, filter, now) {
  if (!live.length) return `No events yet: ${camerasSaid(shares[0].cameras)} ${spanSaid({ ...shares[0], until: null }, now)}.`;
  if (filter.cameras.length) return 'No events of these cameras.';
  return 'No events yet. When something moves, its event appears here, once its video is complete.';
}

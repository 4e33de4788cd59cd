import { Calendar } from '../components/calendar/calendar.js';
import { Hatch } from '../components/event-card/gap-line.js';
import { CameraFilter, CameraFilterSheet, setFilter } from '../components/event-card/camera-filter.js';
import { DeleteEvent } from '../components/event-card/delete-event.js';
import { OftenNot, sayNotEvent } from '../components/event-card/not-event.js';
import { EventCardSkeleton } from '../components/event-card/skeleton.js';
import { LeftOut, LockedDown, lockedFrame } from '../components/feedback/lockdown.js';
import { Busy, ProblemLine, ProblemPage, Skeleton, Unverified } from '../components/feedback/states.js';
import { Icon } from '../components/icon/icon.js';
import { Popover, usePopover } from '../components/overlay/popover.js';
import { Page } from '../components/shell/page.js';
import { groupByDay } from '../lib/days.js';
import { useEventList } from '../lib/event-list.js';
import { filterOf, queryOf } from '../lib/filter.js';
import { listIsOpen } from '../lib/fresh.js';
import { droppedWords } from '../lib/dropped.js';
import { mayManage, useCameras, useDevices, useHome } from '../lib/home.js';
import { classes, html, useEffect, useRef, useState } from '../lib/html.js';
import { useKeys } from '../lib/keys.js';
import { place } from '../lib/router.js';
import { useStore } from '../lib/store.js';
import { addDays, cityOf, dayName, dayOf, sameClock, viewerZone } from '../lib/time.js';
import { count } from '../lib/words.js';
import { EventsDay } from '../components/event-card/events-day.js';
import { EventsEmpty } from '../components/event-card/events-empty.js';
import { ListEnd } from '../components/event-card/list-end.js';

/** Events: one list, newest first, under the home's days. @param {{home: any}} props */
export function EventsPage({ home }) {
  const { query } = useStore(place);
  const filter = filterOf(query);
  const cameras = useCameras(home.id);
  const devices = useDevices(home.id);
  const dropped = useHome(home.id).data?.dropped ?? null;
  const list = useEventList({ home: home.id, ...filter });
  const [doomed, setDoomed] = useState(null);
  const [refused, setRefused] = useState(null);
  const chips = useRef(null);
  const target = useRef(null);

  useEffect(() => {
    listIsOpen(true);
    return () => listIsOpen(false);
  }, []);
  useKeys({ '/': () => (chips.current?.offsetParent ? chips.current.querySelector('button')?.focus() : document.querySelector('[data-filter]')?.click()) });

  // A tap on the day line may name an event that is not loaded yet: pages come until it is.
  const goTo = (event, focus = false) => {
    target.current = { ...event, focus };
    reach();
  };
  const reach = () => {
    const wanted = target.current;
    if (!wanted) return;
    const card = document.querySelector(`[data-keep="${CSS.escape(wanted.id)}"]`);
    if (card) {
      target.current = null;
      card.scrollIntoView({ block: 'center', behavior: window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
      card.classList.add('event-found');
      setTimeout(() => card.classList.remove('event-found'), 1600);
      if (wanted.focus) card.querySelector('a')?.focus({ preventScroll: true });
    } else if (list.cursor) list.more();
    else target.current = null;
  };
  useEffect(reach, [list.events]);

  const manage = mayManage(home.role);
  const notEvent = (event) => {
    setRefused(null);
    sayNotEvent(event, { onDone: () => list.remove(event.id), onUndone: () => list.restore(event), onProblem: setRefused });
  };

  const known = cameras.data?.cameras;
  const noCamera = known?.length === 0;
  const nothingEver = list.begun && !list.events.length && !filter.day && !filter.cameras.length && !filter.not;
  const days = groupByDay(list.events, home.zone);
  const frame = { title: 'Events', home, ready: list.begun && Boolean(known), class: 'events-page' };

  if (list.problem?.lockedDown) {
    return html`<${Page} home=${home} ...${lockedFrame({ home, problem: list.problem })}><${LockedDown} home=${home} problem=${list.problem} /><//>`;
  }
  if (noCamera && nothingEver) {
    return html`<${Page} ...${frame}><hr class="rule" /><${EventsEmpty} home=${home} devices=${devices.data?.devices} /><//>`;
  }
  return html`
    <${Page} ...${frame}
      heading=${html`<${CameraFilter} chips=${chips} cameras=${known ?? []} filter=${filter} /><div class="page-head-end wide-only"><${DayButton} home=${home} filter=${filter} look="wide" /></div>`}
      actions=${html`<${DayButton} home=${home} filter=${filter} look="phone" /><${CameraFilterSheet} cameras=${known ?? []} filter=${filter} />`}>
      <${Hatch} />
      <hr class="rule wide-only" />
      <${ZoneNote} zone=${home.zone} />
      <${ActiveFilter} filter=${filter} cameras=${known ?? []} />
      ${refused && html`<${ProblemLine} problem=${refused} />`}
      ${filter.not && manage && html`<${OftenNot} home=${home} cameras=${known ?? []} />`}
      ${list.retryAt && html`<${Busy} retryAt=${list.retryAt} />`}
      ${list.unverified > 0 && html`<${Unverified} what=${count(list.unverified, 'event')} />`}
      ${list.lockedDown > 0 && html`<${LeftOut} n=${list.lockedDown} />`}
      ${!list.begun && list.problem && !list.retryAt && html`<${ProblemPage} problem=${list.problem} onRetry=${list.more} />`}
      <${Skeleton} loading=${!list.begun && !list.problem}><${EventCardSkeleton} /><//>
      ${list.begun && !list.events.length && !list.cursor && html`<${NothingFound} home=${home} filter=${filter} other=${list.lockedDown > 0} cameras=${known ?? []} dropped=${filter.day ? dropped : null} onPick=${goTo} />`}
      ${days.map(({ day, events }, i) => html`
        <${EventsDay} key=${day} home=${home} day=${day} events=${events} filter=${filter} cameras=${known ?? []} complete=${i < days.length - 1 || !list.cursor}
          waiting=${i === 0 ? list.waiting.length : 0} onShowWaiting=${() => showWaiting(list)} onPick=${goTo} onDelete=${setDoomed} onNotEvent=${manage ? notEvent : null} mayManage=${manage} dropped=${filter.day ? dropped : null} />`)}
      ${list.begun && (list.events.length > 0 || list.cursor) && html`<${ListEnd} list=${list} dropped=${dropped && droppedWords(dropped, home.zone, Date.now() * 1000)}>${filter.day && html`<${DaysBeside} filter=${filter} zone=${home.zone} />`}<//>`}
      ${doomed && html`<${DeleteEvent} event=${doomed} zone=${home.zone} onDeleted=${() => list.remove(doomed.id)} onClose=${() => setDoomed(null)} />`}
    <//>`;
}

function showWaiting(list) {
  list.showWaiting();
  window.scrollTo(0, 0);
}

function DayButton({ home, filter, look }) {
  const anchor = useRef(null);
  const popover = usePopover();
  const pick = (day) => {
    popover.close();
    setFilter({ ...filter, day });
  };
  return html`
    ${look === 'wide'
      ? html`<button ref=${anchor} type="button" class="btn" aria-expanded=${popover.open} onClick=${popover.toggle}><${Icon} name="calendar-blank" />${filter.day ? dayName(filter.day) : 'Go to a day'}</button>`
      : html`<button ref=${anchor} type="button" class=${classes('icon-btn', filter.day && 'icon-btn-on')} aria-label="Go to a day" aria-expanded=${popover.open} onClick=${popover.toggle}><${Icon} name="calendar-blank" class="icon-24" /></button>`}
    <${Popover} anchor=${anchor} open=${popover.open} onClose=${popover.close} label="Go to a day">
      <${Calendar} home=${home.id} chosen=${filter.day} today=${dayOf(Date.now() * 1000, home.zone)} onPick=${pick} />
    <//>`;
}

/** What the filter is, in words, with the way out of it. */
function ActiveFilter({ filter, cameras }) {
  if (!filter.day && !filter.cameras.length && !filter.not) return null;
  return html`<p class="active-filter"><span>Only ${filterWords(filter, cameras)}</span><button type="button" class="link" onClick=${() => setFilter({ cameras: [], day: null })}>Clear</button></p>`;
}

function filterWords(filter, cameras) {
  const names = filter.cameras.map((id) => cameras.find((camera) => camera.id === id)?.name ?? 'a removed camera');
  return [filter.not && 'what is no event', names.join(', '), filter.day && dayName(filter.day)].filter(Boolean).join(', ');
}

/** `other`: beside events that are locked down. */
function NothingFound({ home, filter, other, cameras, dropped, onPick }) {
  const no = other ? 'No other events' : 'No events';
  if (filter.not) {
    return html`<section class="state"><h2 class="state-title">Nothing was said to be no event</h2><button type="button" class="btn" onClick=${() => setFilter({ ...filter, not: false })}>Show events</button></section>`;
  }
  if (filter.day) {
    return html`<${EventsDay} home=${home} day=${filter.day} events=${[]} filter=${filter} cameras=${cameras} complete waiting=${0} onPick=${onPick} dropped=${dropped} empty=${`${no} ${filter.cameras.length ? `of ${filterWords({ ...filter, day: null }, cameras)} ` : ''}on ${dayName(filter.day)}.`} /><div class="list-end"><${DaysBeside} filter=${filter} zone=${home.zone} /></div>`;
  }
  if (filter.cameras.length) {
    return html`<section class="state"><h2 class="state-title">${no} of ${filterWords(filter, cameras)}</h2><button type="button" class="btn" onClick=${() => setFilter({ cameras: [], day: null })}>Clear</button></section>`;
  }
  return html`<${EventsDay} home=${home} day=${dayOf(Date.now() * 1000, home.zone)} events=${[]} filter=${filter} cameras=${cameras} complete waiting=${0} onPick=${onPick} dropped=${dropped} empty=${`${no} yet. When something moves, its event appears here by itself, once its video is complete.`} />`;
}

/** Said once when the home's clock is not the viewer's. */
function ZoneNote({ zone }) {
  if (sameClock(zone, viewerZone(), Date.now() * 1000)) return null;
  return html`<p class="meta zone-note">Times in ${cityOf(zone)}</p>`;
}

function DaysBeside({ filter, zone }) {
  const [before, after] = [addDays(filter.day, -1), addDays(filter.day, 1)];
  const to = (day) => place.get().path + queryOf({ ...filter, day });
  return html`<div class="days-beside"><a class="btn" href=${to(before)}><${Icon} name="caret-left" />${dayName(before)}</a>
    ${after <= dayOf(Date.now() * 1000, zone) && html`<a class="btn" href=${to(after)}>${dayName(after)}<${Icon} name="caret-right" /></a>`}</div>`;
}

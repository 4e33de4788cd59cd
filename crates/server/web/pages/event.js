import { LockedDown, lockedFrame } from '../components/feedback/lockdown.js';
import { ProblemPage, Skeleton } from '../components/feedback/states.js';
import { toast } from '../components/feedback/toast.js';
import { Icon } from '../components/icon/icon.js';
import { Confirm } from '../components/overlay/dialog.js';
import { Menu } from '../components/overlay/menu.js';
import { Clock, Controls } from '../components/player/controls.js';
import { Facts } from '../components/player/facts.js';
import { Filmstrip } from '../components/player/filmstrip.js';
import { Stage } from '../components/player/stage.js';
import { Timeline } from '../components/player/timeline.js';
import { useNeighbours } from '../components/player/use-neighbours.js';
import { SPEEDS, useVideo } from '../components/player/use-video.js';
import { KeyHelp } from '../components/shell/key-help.js';
import { BackLink, Page } from '../components/shell/page.js';
import { api, apiUrl, mediaUrl } from '../lib/api.js';
import { PHONE, useMedia } from '../lib/clockwork.js';
import { changeListed } from '../lib/event-list.js';
import { filterOf, queryOf } from '../lib/filter.js';
import { mayManage, useCameras, useDay, usePeople } from '../lib/home.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { useKeys } from '../lib/keys.js';
import { useQuery } from '../lib/query.js';
import { useReopening } from '../lib/reopening.js';
import { goBack, navigate, place } from '../lib/router.js';
import { useStore } from '../lib/store.js';
import { clock, dayOf } from '../lib/time.js';
import { labelWords, listed } from '../lib/words.js';

/** One event: its video, its motion, what is known of it. @param {{home: any, event: string}} props */
export function EventPage({ home, event: id }) {
  const { query, hash } = useStore(place);
  const filter = filterOf(query);
  const list = `/h/${home.id}/events${queryOf(filter)}`;
  const answer = useQuery(`/events/${id}`);
  const kept = useRef(null);
  // While the next event loads, the one before it stays on the screen; nothing jumps.
  if (answer.data) kept.current = answer.data;
  const event = answer.data ?? (answer.problem ? null : kept.current);
  // An open player learns of a lockdown by its day; to ask for the event again would be another opening on record.
  const day = useDay(home.id, event?.home_id === home.id ? dayOf(event.started_at, home.zone) : null);
  const locked = [answer, day].find(({ problem }) => problem?.lockedDown);
  useReopening({ locked: Boolean(locked), look: () => locked?.reload(), open: Boolean(event), words: 'The event is open again.' });
  if (locked) {
    return html`<${Page} home=${home} parent=${list} barTitle="Event" ...${lockedFrame({ home, problem: locked.problem })}><${LockedDown} home=${home} problem=${locked.problem} /><//>`;
  }
  if (answer.problem && !answer.data) {
    return html`<${Page} title="Event" home=${home} parent=${list}><${ProblemPage} problem=${answer.problem} retryAt=${answer.retryAt} onRetry=${answer.reload} /><//>`;
  }
  if (!event) return html`<${Page} title="Event" home=${home} parent=${list} plainHeading class="player"><h1 class="visually-hidden" tabindex="-1">Event</h1><${Skeleton} loading><div class="bone player-bone"></div><//><//>`;
  if (event.home_id !== home.id) return html`<${Page} title="Event" home=${home} parent=${list}><${ProblemPage} problem=${{ notFound: true }} /><//>`;
  return html`<${Player} home=${home} event=${event} fresh=${event.id === id} filter=${filter} list=${list} startAt=${secondOf(hash)} />`;
}

/** @param {string} hash `#t=4.2` @returns {number | null} seconds */
function secondOf(hash) {
  const found = /^#t=(\d{1,5}(?:\.\d{1,3})?)$/.exec(hash);
  return found ? Number(found[1]) : null;
}

function Player({ home, event, fresh, filter, list, startAt }) {
  const zone = home.zone;
  const phone = useMedia(PHONE);
  const screen = useRef(null);
  const [asking, setAsking] = useState(false);
  const [help, setHelp] = useState(false);
  const { data: people } = usePeople(home.id);
  const { data: cameras } = useCameras(home.id);
  const near = useNeighbours(home, event, filter);
  const video = useVideo({ id: event.id, src: fresh ? mediaUrl(event.video_url) : null, frames: event.frames, nominal: (event.ended_at - event.started_at) / 1e6, startAt });
  const download = video.problem?.lockedDown ? null : mediaUrl(event.video_url, { download: '1' });
  const label = labelWords(event.label);
  const hrefOf = (id) => `/h/${home.id}/events/${id}${queryOf(filter)}`;
  const go = (id) => id && navigate(hrefOf(id), { replace: true });
  const nameOf = (id) => cameras?.cameras.find((camera) => camera.id === id)?.name ?? 'a removed camera';

  useEffect(() => {
    changeListed(event.id, (listed) => ({ ...listed, opened: true }));
  }, [event.id]);
  const fullScreen = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (screen.current?.requestFullscreen) screen.current.requestFullscreen().catch(() => {});
    else video.element.current?.webkitEnterFullscreen?.();
  };
  const faster = (by) => video.setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(video.speed) + by))]);
  useKeys({
    ' ': video.toggle,
    arrowleft: () => video.seek(video.at - 1),
    arrowright: () => video.seek(video.at + 1),
    ',': () => video.step(-1),
    '.': () => video.step(1),
    '[': () => faster(-1),
    ']': () => faster(1),
    j: () => go(near.older),
    k: () => go(near.newer),
    d: () => screen.current?.querySelector('a[download]')?.click(),
    f: fullScreen,
    m: video.toggleMuted,
    escape: () => (document.fullscreenElement ? document.exitFullscreen() : goBack(list)),
    '/': () => goBack(list),
  });
  const remove = async () => {
    await api('DELETE', `/events/${event.id}`);
    changeListed(event.id, () => null);
    toast('Event deleted.');
    const next = near.older ?? near.newer;
    if (next) navigate(hrefOf(next), { replace: true });
    else navigate(list, { replace: true });
  };
  const mayDelete = mayManage(home.role);
  const heading = `${label.name}, ${event.camera_name}, ${clock(event.started_at, zone, { seconds: true })}`;
  const menu = mayDelete ? [{ label: 'Delete', icon: 'trash', danger: true, onSelect: () => setAsking(true) }] : [];

  return html`
    <${Page} title=${heading} home=${home} class="player" plainHeading>
      <div class="player-main">
        <header class="player-head">
          <${BackLink} parent=${list} />
          <p class="player-crumbs"><a href=${list} onClick=${(press) => { if (press.metaKey || press.ctrlKey || press.shiftKey) return; press.preventDefault(); goBack(list); }}>Events</a><span aria-hidden="true">/</span><b>${home.name}</b></p>
          <div class="player-name"><h1 tabindex="-1"><span aria-hidden="true">${event.camera_name}</span><span class="visually-hidden">${heading}</span></h1><p class="meta">${home.name}</p></div>
          <p class="player-place soft">${near.index > 0 && `Event ${near.index} of ${near.total} on this day, ${filter.cameras.length ? listed(filter.cameras.map(nameOf)) : 'all cameras'}`}</p>
          <button type="button" class="player-keys soft" onClick=${() => setHelp(true)}><kbd>?</kbd> keys</button>
          <div class="player-actions">
            ${download && html`<a class="icon-btn" href=${download} download aria-label="Download"><${Icon} name="download-simple" class="icon-24" /></a>`}
            <button type="button" class="icon-btn" aria-label="Full screen" onClick=${fullScreen}><${Icon} name="corners-out" class="icon-24" /></button>
            ${menu.length > 0 && html`<${Menu} label="More" items=${menu} />`}
          </div>
        </header>
        <div ref=${screen} class="player-screen">
          <${Stage} video=${video} event=${event} zone=${zone} poster=${apiUrl(`/events/${event.id}/thumbnail`)} download=${download} />
          ${phone && html`<${Clock} video=${video} event=${event} zone=${zone} />`}
          <${Timeline} event=${event} zone=${zone} length=${video.length} at=${video.at} onSeek=${video.seek} />
          <${Controls} video=${video} event=${event} zone=${zone} older=${near.older} newer=${near.newer} onGo=${go} download=${download} onFullScreen=${fullScreen} />
        </div>
        ${phone && html`<${Facts} event=${event} zone=${zone} home=${home} members=${people?.members} phone onDelete=${null} />`}
        <${Filmstrip} events=${near.events} current=${event.id} zone=${zone} hrefOf=${hrefOf} nameOf=${nameOf} onGo=${go} />
      </div>
      ${!phone && html`<${Facts} event=${event} zone=${zone} home=${home} members=${people?.members} phone=${false} onDelete=${mayDelete ? () => setAsking(true) : null} />`}
      ${asking && html`
        <${Confirm} title="Delete this event?" verb="Delete" onConfirm=${remove} onClose=${() => setAsking(false)}>
          <p><b>${heading}.</b> Its picture and video are erased for every member, at once. What was downloaded stays where it is.</p>
        <//>`}
      ${help && html`<${KeyHelp} onClose=${() => setHelp(false)} />`}
    <//>`;
}

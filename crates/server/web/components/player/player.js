import { apiUrl, mediaUrl } from '../../lib/api.js';
import { PHONE, useMedia } from '../../lib/clockwork.js';
import { changeListed } from '../../lib/event-list.js';
import { html, useEffect, useRef, useState } from '../../lib/html.js';
import { useKeys } from '../../lib/keys.js';
import { goBack, navigate } from '../../lib/router.js';
import { may } from '../../lib/shares.js';
import { clock } from '../../lib/time.js';
import { labelWords } from '../../lib/words.js';
import { DeleteEvent } from '../event-card/delete-event.js';
import { notEventItem, sayNotEvent } from '../event-card/not-event.js';
import { ProblemLine } from '../feedback/states.js';
import { Icon } from '../icon/icon.js';
import { Menu } from '../overlay/menu.js';
import { KeyHelp } from '../shell/key-help.js';
import { BackLink, Page } from '../shell/page.js';
import { Clock, Controls, SoundButton } from './controls.js';
import { Facts } from './facts.js';
import { Filmstrip } from './filmstrip.js';
import { Stage } from './stage.js';
import { Timeline } from './timeline.js';
import { SPEEDS, useVideo } from './use-video.js';

/**
 * An event: its video, its motion, what is known of it. Of a home or of a share: the page around it knows which.
 * @param {{event: any, fresh: boolean, startAt: number | null, home: {id: string, name: string, zone: string}, list: string, listName: string, spot: string, near: {events: any[], older: string | null, newer: string | null}, hrefOf: (id: string) => string, nameOf: (camera: string) => string, seen: any, manage?: boolean}} props
 * `fresh`: it is the one that the address names; `list`: where it is listed; `spot`: which of how many it is, in words; `seen`: who can see it, for `Facts`; `manage`: the reader may say that it is no event
 */
export function Player({ event, fresh, startAt, home, list, listName, spot, near, hrefOf, nameOf, seen, manage = false }) {
  const { zone } = home;
  const phone = useMedia(PHONE);
  const screen = useRef(null);
  const [asking, setAsking] = useState(false);
  const [help, setHelp] = useState(false);
  const [refused, setRefused] = useState(null);
  const video = useVideo({ id: event.id, src: fresh ? mediaUrl(event.video_url) : null, frames: event.frames, nominal: (event.ended_at - event.started_at) / 1e6, startAt });
  const download = may(event, 'export') && !video.problem?.lockedDown ? mediaUrl(event.video_url, { download: '1' }) : null;
  const label = labelWords(event.label);
  const go = (id) => id && navigate(hrefOf(id), { replace: true });

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
  const notEvent = manage ? () => sayNotEvent(event, { onDone: removed, onProblem: setRefused }) : null;
  const removed = () => {
    changeListed(event.id, () => null);
    const next = near.older ?? near.newer;
    navigate(next ? hrefOf(next) : list, { replace: true });
  };
  const mayDelete = may(event, 'delete');
  const heading = `${label.name}, ${event.camera_name}, ${clock(event.started_at, zone, { seconds: true })}`;
  const menu = [notEvent && notEventItem(event, notEvent), mayDelete && { label: 'Delete', icon: 'trash', danger: true, onSelect: () => setAsking(true) }].filter(Boolean);

  return html`
    <${Page} title=${heading} home=${home} class="player" plainHeading>
      <div class="player-main">
        <header class="player-head">
          <${BackLink} parent=${list} />
          <p class="player-crumbs"><a href=${list} onClick=${(press) => { if (press.metaKey || press.ctrlKey || press.shiftKey) return; press.preventDefault(); goBack(list); }}>${listName}</a><span aria-hidden="true">/</span><b>${home.name}</b></p>
          <div class="player-name"><h1 tabindex="-1"><span aria-hidden="true">${event.camera_name}</span><span class="visually-hidden">${heading}</span></h1><p class="meta">${home.name}</p></div>
          <p class="player-place soft">${spot}</p>
          <button type="button" class="player-keys soft" onClick=${() => setHelp(true)}><kbd>?</kbd> keys</button>
          <div class="player-actions">
            <${SoundButton} video=${video} large />
            ${download && html`<a class="icon-btn" href=${download} download aria-label="Download"><${Icon} name="download-simple" class="icon-24" /></a>`}
            <button type="button" class="icon-btn" aria-label="Full screen" onClick=${fullScreen}><${Icon} name="corners-out" class="icon-24" /></button>
            ${menu.length > 0 && html`<${Menu} label="More" items=${menu} />`}
          </div>
        </header>
        ${refused && html`<${ProblemLine} problem=${refused} />`}
        <div ref=${screen} class="player-screen">
          <${Stage} video=${video} event=${event} zone=${zone} poster=${apiUrl(`/events/${event.id}/thumbnail`)} download=${download} />
          ${phone && html`<${Clock} video=${video} event=${event} zone=${zone} />`}
          <${Timeline} event=${event} zone=${zone} length=${video.length} at=${video.at} onSeek=${video.seek} />
          <${Controls} video=${video} event=${event} zone=${zone} older=${near.older} newer=${near.newer} onGo=${go} download=${download} onFullScreen=${fullScreen} />
        </div>
        ${phone && html`<${Facts} event=${event} zone=${zone} seen=${seen} sound=${video.sound} phone onDelete=${null} onNotEvent=${notEvent} />`}
        <${Filmstrip} events=${near.events} current=${event.id} zone=${zone} hrefOf=${hrefOf} nameOf=${nameOf} onGo=${go} />
      </div>
      ${!phone && html`<${Facts} event=${event} zone=${zone} seen=${seen} sound=${video.sound} phone=${false} onDelete=${mayDelete ? () => setAsking(true) : null} onNotEvent=${notEvent} />`}
      ${asking && html`<${DeleteEvent} event=${event} zone=${zone} onDeleted=${removed} onClose=${() => setAsking(false)} />`}
      ${help && html`<${KeyHelp} onClose=${() => setHelp(false)} />`}
    <//>`;
}

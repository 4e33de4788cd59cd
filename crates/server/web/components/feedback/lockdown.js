import { announce } from '../../lib/announce.js';
import { useNow } from '../../lib/clockwork.js';
import { useCameras, useHome } from '../../lib/home.js';
import { html, useEffect, useLayoutEffect, useRef } from '../../lib/html.js';
import { closedBy, closedParts, closedTitle, leftOut, meanwhile } from '../../lib/lockdown.js';
import { place } from '../../lib/router.js';
import { clock, viewerZone } from '../../lib/time.js';
import { count } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';

/**
 * What a `Page` needs to be that of a lockdown: its heading in the band. It stays the same page, so the focus stays where it is.
 * @param {{home: any, problem: import('../../lib/problem.js').Problem}} what
 */
export function lockedFrame({ home, problem }) {
  return { title: closedTitle('events', problem.lockdown), class: 'locked-page', heading: html`<${Lead} lockdown=${problem.lockdown} zone=${home.zone} />` };
}

function Lead({ lockdown, zone }) {
  const now = useNow() * 1000;
  return html`<${Icon} name="lock-simple-fill" class="locked-icon" /><p class="locked-lead">${closedBy('events', lockdown, zone, now)}</p>`;
}

/**
 * A page, not an error: why, what is closed, what goes on meanwhile.
 * @param {{home: any, problem: import('../../lib/problem.js').Problem}} props
 */
export function LockedDown({ home, problem }) {
  const { lockdown, at } = problem;
  const { data: cameras } = useCameras(home.id);
  const { data: homeDoc, reload } = useHome(home.id);
  const recording = meanwhile(cameras?.cameras);
  const first = useRef(at);
  useEffect(() => {
    if (at !== first.current) reload();
  }, [at]);
  useLayoutEffect(() => {
    // The heading that had the focus may be gone with the page before. Else it is said, and the focus stays.
    const heading = document.querySelector('.locked-page h1');
    if (document.activeElement === document.body && place.get().kind !== 'load') heading?.focus({ preventScroll: true });
    else announce(`${closedTitle('events', lockdown)}.`);
  }, []);
  return html`
    <div class="locked">
      <${Reason} lockdown=${lockdown} />
      <dl class="locked-parts">
        ${closedParts(lockdown).map(({ icon, name, closed }) => html`<${Part} key=${name} icon=${icon} name=${name} ok=${!closed}>${closed ? 'closed' : 'open'}<//>`)}
        ${cameras?.cameras.length !== 0 && html`<${Part} icon="security-camera" name="Your cameras" ok=${recording.ok}>${recording.words}<//>`}
        <${Part} icon="hard-drives" name="Kept for you" ok>${homeDoc ? count(homeDoc.events, 'event') : 'as before'}<//>
      </dl>
      <p class="soft">You need to do nothing. Devices go on, and new events are kept with the others. This page opens by itself when the lockdown ends; until then the pages of your cameras and home work.</p>
      <div class="locked-buttons">
        <a class="btn" href=${`/h/${home.id}/cameras`}><${Icon} name="security-camera" />Cameras</a>
        <a class="btn" href=${`/h/${home.id}/home`}><${Icon} name="house" />Home</a>
      </div>
      <p class="meta locked-at">As of ${clock(at * 1000, home.zone, { seconds: true })}</p>
    </div>`;
}

function Part({ icon, name, ok, children }) {
  return html`<div><dt><${Icon} name=${icon} class="icon-24" />${name}</dt><dd class=${ok ? 'locked-goes-on' : 'locked-closed'}>${children}</dd></div>`;
}

function Reason({ lockdown }) {
  if (!lockdown.reason) return null;
  return html`<div><p class="meta">Reason given</p><p class="locked-reason">${lockdown.reason}</p></div>`;
}

/**
 * A lockdown beside what goes on: since when, by whom and why.
 * @param {{what: 'events' | 'videos' | 'sign-in', lockdown: import('../../lib/lockdown.js').Lockdown, zone?: string, several?: boolean, children?: any}} props `several`: other cameras stand beside it
 */
export function LockedNotice({ what, lockdown, zone = viewerZone(), several = false, children }) {
  const title = `${closedTitle(what, lockdown, { several })}.`;
  const by = closedBy(what, lockdown, zone, Date.now() * 1000);
  useEffect(() => announce(`${title} ${by} ${lockdown.reason}`), []);
  return html`
    <div class="notice notice-warn"><${Icon} name="lock-simple" />
      <div class="locked-notice"><p><b>${title}</b> ${by}</p><${Reason} lockdown=${lockdown} />${children}</div></div>`;
}

/** Above a list from which a lockdown takes something. @param {{n: number}} props */
export function LeftOut({ n }) {
  return html`<div class="notice notice-quiet"><${Icon} name="lock-simple" /><p>${leftOut(n)}</p></div>`;
}

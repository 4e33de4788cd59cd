import { closedPictures } from '../../lib/closed-pictures.js';
import { offlineSince } from '../../lib/connection.js';
import { mayManage } from '../../lib/home.js';
import { html } from '../../lib/html.js';
import { closedBy, closedTitle } from '../../lib/lockdown.js';
import { bannerWords, waitingOf } from '../../lib/restored.js';
import { newSignIns, newSignInWords } from '../../lib/sessions.js';
import { place } from '../../lib/router.js';
import { useStore } from '../../lib/store.js';
import { clock, viewerZone, when } from '../../lib/time.js';
import { bytes } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';

/**
 * One banner at a time, the gravest: no connection, then pictures that are locked down, then a home that waits to be confirmed, then the full disk, then sign-ins that nobody looked at.
 * @param {{me: any | undefined, home: any | undefined, now: number}} props `me`, `home`: the `Me` and the `Home` of the API, once they are here
 */
export function Banner({ me, home, now }) {
  const since = useStore(offlineSince);
  const closed = useStore(closedPictures);
  const { path } = useStore(place);
  if (since !== null) {
    return html`<div class="banner banner-offline" role="status"><${Icon} name="wifi-slash" /><p>No connection since ${clock(since * 1000, viewerZone())}. Nothing can be opened.</p></div>`;
  }
  if (closed && home) {
    return html`<div class="banner banner-warn" role="status"><${Icon} name="lock-simple" />
      <p><b>${closedTitle('pictures', closed, { several: true })}.</b> ${closedBy('pictures', closed, home.zone, now * 1000)} ${closed.reason && `Reason given: ${closed.reason}`}</p></div>`;
  }
  // Not beside the page that says it.
  const waiting = bannerWords(waitingOf(me).filter(({ home_id }) => !path.startsWith(`/h/${home_id}/`)));
  if (waiting) {
    return html`<div class="banner banner-warn" role="status"><${Icon} name="lock-simple" /><p><b>${waiting.title}</b> ${waiting.text} <a class="link" href=${waiting.href}>${waiting.link}</a></p></div>`;
  }
  const full = home?.disk?.full_since;
  if (full) {
    return html`<div class="banner banner-warn" role="alert"><${Icon} name="hard-drives" />
      <p><b>The server's disk is full since ${when(full, home.zone, now * 1000)}.</b> New events wait on the devices, which keep them until there is room; ${bytes(home.disk.free_bytes)} are free. ${mayManage(home.role) && html`<a class="link" href=${`/h/${home.id}/home`}>Keep less</a>`}</p></div>`;
  }
  const fresh = newSignIns(me);
  if (fresh > 0) {
    const { title, question } = newSignInWords(fresh);
    return html`<div class="banner banner-warn" role="status"><${Icon} name="key" /><p><b>${title}</b> ${question} <a class="link" href="/account#signed-in">See who is signed in</a></p></div>`;
  }
  return null;
}

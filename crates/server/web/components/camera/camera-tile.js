import { mediaUrl } from '../../lib/api.js';
import { cameraState, pillText } from '../../lib/camera-state.js';
import { faultWords } from '../../lib/faults.js';
import { html } from '../../lib/html.js';
import { when } from '../../lib/time.js';
import { lostWords, rate } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';
import { Picture } from '../picture/picture.js';

/**
 * A camera: its last still with its age, what it does since when, and the remedy as a button.
 * @param {{camera: any, home: any, now: number, primary: boolean, manage: boolean}} props `primary`: this tile's remedy is the page's one primary button
 */
export function CameraTile({ camera, home, now, primary, manage }) {
  const state = cameraState(camera);
  const href = `/h/${home.id}/cameras/${camera.id}`;
  return html`
    <li class="camera" data-keep=${camera.id}>
      <a class="camera-link" href=${href} aria-label=${`${camera.name}, ${pillText(camera, home.zone, now)}`}>
        <span class=${state.troubled ? 'camera-still camera-still-old' : 'camera-still'}>
          <${Picture} src=${camera.still_url ? mediaUrl(camera.still_url, camera.still_at ? { at: String(camera.still_at) } : {}) : null} />
          ${camera.still_at && html`<span class="camera-age num">Picture of ${when(camera.still_at, home.zone, now)}</span>`}
        </span>
      </a>
      <div class="camera-body">
        <div class="camera-head"><h2><a href=${href} tabindex="-1">${camera.name}</a></h2><${StatusPill} camera=${camera} zone=${home.zone} now=${now} /></div>
        <p class="soft camera-say">${sayState(camera, home.zone, now)}</p>
        ${manage && state.troubled && html`<${Remedy} camera=${camera} href=${href} primary=${primary} />`}
      </div>
    </li>`;
}

/** @param {{camera: any, zone: string, now: number}} props */
export function StatusPill({ camera, zone, now }) {
  const { tone, icon } = cameraState(camera);
  return html`<span class=${`pill pill-${tone}`}><${Icon} name=${icon} />${pillText(camera, zone, now)}</span>`;
}

function Remedy({ camera, href, primary }) {
  if (camera.status.state === 'unknown' || camera.status.verified === false) return null;
  const { action } = faultWords(camera.status.fault);
  const look = primary ? 'btn btn-primary' : 'btn';
  if (action === 'password') return html`<div class="buttons"><a class=${look} href=${`${href}#password`}>Enter password</a><a class="btn btn-quiet" href=${`${href}#test`}>Test again</a></div>`;
  if (action === 'address') return html`<div class="buttons"><a class=${look} href=${`${href}#address`}>Check address</a><a class="btn btn-quiet" href=${`${href}#test`}>Test again</a></div>`;
  if (action === 'another') return html`<div class="buttons"><a class=${look} href=${href}>See what differs</a></div>`;
  return html`<div class="buttons"><a class=${look} href=${`${href}#test`}>Test again</a></div>`;
}

/** What a camera does, in a sentence or two. @param {any} camera @param {string} zone @param {number} now */
export function sayState(camera, zone, now) {
  const { status, video } = camera;
  if (status.verified === false) return 'The report about this camera could not be verified, so it is not shown. The alarm has been raised.';
  if (status.state === 'unknown') return camera.device_name ? `${camera.device_name}, which serves it, was last heard of ${status.since ? when(status.since, zone, now) : 'never'}. What it keeps is sent when it is back.` : 'No device serves this camera. Choose one.';
  if (status.state === 'uploads') return camera.events ? `Last upload ${when(status.since, zone, now)}.` : 'Nothing was uploaded yet.';
  if (status.state === 'connecting') return 'Its device is connecting to it.';
  if (status.state === 'records' && status.quieted_since) return 'It made event upon event, so there is one in five minutes at most. What is larger than usual is an event all the same.';
  if (status.state === 'records') return `Since ${when(status.since, zone, now)}. ${video ? sayVideo(video) : ''}`;
  return `${faultWords(status.fault).problem} Nothing is recorded.`;
}

/** `768×576, 10 frames/s, 0.4 Mbit/s, 3 packets lost.` @param {any} video */
export function sayVideo(video) {
  const lost = lostWords(video);
  // Its size is known once there was an event.
  const size = video.width ? `${video.width}×${video.height}, ` : '';
  return `${size}${Number(video.fps.toFixed(1))}\u00a0frames/s, ${rate(video.bits_per_second).replace(' ', '\u00a0')}, ${lost}.`;
}

import { html } from '../../lib/html.js';
import { clockParts } from '../../lib/time.js';
import { Icon } from '../icon/icon.js';
import { Menu } from '../overlay/menu.js';
import { SPEEDS } from './use-video.js';

const NAMES = { 0.25: '¼', 0.5: '½', 1: '1', 2: '2', 4: '4' };

/**
 * The controls in a row: speed, older, frame, play, frame, newer, clock, sound, download, full screen. On a phone they are the bottom bar.
 * @param {{video: any, event: any, zone: string, older: string | null, newer: string | null, onGo: (id: string) => void, download: string | null, onFullScreen: () => void}} props
 */
export function Controls({ video, event, zone, older, newer, onGo, download, onFullScreen }) {
  return html`
    <div class="controls">
      <div class="segments controls-speeds" role="group" aria-label="Speed">
        ${SPEEDS.map((speed) => html`<button key=${speed} type="button" aria-pressed=${video.speed === speed} onClick=${() => video.setSpeed(speed)}>${NAMES[speed]}×</button>`)}
      </div>
      <div class="controls-middle">
        <${Step} icon="skip-back" word="older" label="Older event" disabled=${!older} onClick=${() => onGo(older)} />
        <${Step} icon="caret-left" word="frame" label="One frame back" onClick=${() => video.step(-1)} />
        <button type="button" class="play" aria-label=${video.playing ? 'Pause' : 'Play'} onClick=${video.toggle}><${Icon} name=${video.playing ? 'pause-fill' : video.ended ? 'arrow-clockwise' : 'play-fill'} /></button>
        <${Step} icon="caret-right" word="frame" label="One frame on" onClick=${() => video.step(1)} />
        <${Step} icon="skip-forward" word="newer" label="Newer event" disabled=${!newer} onClick=${() => onGo(newer)} />
        <${SpeedMenu} video=${video} />
      </div>
      <div class="controls-end">
        <${Clock} video=${video} event=${event} zone=${zone} />
        <${SoundButton} video=${video} />
        ${download && html`<a class="icon-btn" href=${download} download aria-label="Download"><${Icon} name="download-simple" /></a>`}
        <button type="button" class="icon-btn" aria-label="Full screen" onClick=${onFullScreen}><${Icon} name="corners-out" /></button>
      </div>
    </div>`;
}

/** Sound on and off, of a video that has any. @param {{video: any, large?: boolean}} props */
export function SoundButton({ video, large = false }) {
  if (!video.sound) return null;
  return html`<button type="button" class="icon-btn" aria-label="Sound" aria-pressed=${!video.muted} title=${video.muted ? 'Sound is off' : 'Sound is on'} onClick=${video.toggleMuted}><${Icon} name=${video.muted ? 'speaker-slash' : 'speaker-high'} class=${large ? 'icon-24' : ''} /></button>`;
}

function Step({ icon, word, label, disabled = false, onClick }) {
  return html`<button type="button" class="step" aria-label=${label} disabled=${disabled} onClick=${onClick}><${Icon} name=${icon} /><span aria-hidden="true">${word}</span></button>`;
}

function SpeedMenu({ video }) {
  const items = SPEEDS.map((speed) => ({ label: `${NAMES[speed]}×`, checked: video.speed === speed, onSelect: () => video.setSpeed(speed) }));
  return html`<${Menu} label=${`${NAMES[video.speed]}× speed`} items=${items} class="step controls-speed"><b>${NAMES[video.speed]}×</b><span aria-hidden="true">speed</span><//>`;
}

/** The real time of the frame that is shown, counting along. @param {{video: any, event: any, zone: string}} props */
export function Clock({ video, event, zone }) {
  const { minutes, seconds, suffix } = clockParts(event.started_at + Math.round(video.at * 1e6), zone, { tenths: true });
  const [whole, tenth] = seconds.split('.');
  return html`<p class="clock"><time class="clock-time"><b>${minutes}${whole}</b><span>.${tenth}</span>${suffix && html` <span>${suffix}</span>`}</time>
    ${event.frames && html`<span class="clock-frame soft num">frame ${video.frame + 1} of ${event.frames}</span>`}</p>`;
}

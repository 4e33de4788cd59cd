import { html, useState } from '../../lib/html.js';
import { mayManage } from '../../lib/home.js';
import { Icon } from '../icon/icon.js';

/**
 * The first minutes of a home: what will be here, and the two steps to it.
 * @param {{home: any, devices: any[] | undefined}} props
 */
export function EventsEmpty({ home, devices }) {
  const local = devices?.find((device) => device.local) ?? null;
  const hasLocal = Boolean(local) || home.local_agent;
  const [through, setThrough] = useState(null);
  const choice = through ?? (hasLocal ? 'here' : 'other');
  const paired = devices?.some((device) => !device.local && device.state !== 'waiting' && device.state !== 'expired');
  const base = `/h/${home.id}/cameras`;
  const manage = mayManage(home.role);
  return html`
    <div class="first">
      <div class="first-steps">
        <h2 class="first-title">No camera is connected yet</h2>
        <p class="first-lead">Events appear here by themselves once a camera records.${manage ? ' Two steps, about five minutes.' : ' An owner or adult of this home can add one.'}</p>
        ${manage && html`<ol class="steps">
          <li><span class="step-number" aria-hidden="true">1</span><div>
            <h3>Choose what talks to your cameras</h3>
            <p class="soft">A small program, the agent, runs near them, finds motion and seals every event before it leaves.</p>
            <fieldset class="choices"><legend class="visually-hidden">What talks to your cameras</legend>
              <label class="choice"><input type="radio" name="through" value="here" checked=${choice === 'here'} disabled=${!hasLocal} onChange=${() => setThrough('here')} /><span class="dot"></span><span class="name">This server</span><span class="about">${hasLocal ? 'is in the cameras’ network' : 'not opened for this home by its operator'}</span></label>
              <label class="choice"><input type="radio" name="through" value="other" checked=${choice === 'other'} onChange=${() => setThrough('other')} /><span class="dot"></span><span class="name">Another computer</span><span class="about">in the home, no open port needed</span></label>
            </fieldset>
            ${choice === 'other' && !paired && html`<p><a class="btn btn-primary" href=${`${base}/pair`}><${Icon} name="qr-code" />Pair a device</a></p>`}
          </div></li>
          <li><span class="step-number" aria-hidden="true">2</span><div>
            <h3>Add a camera by its address</h3>
            <p class="soft">Address, user name and password. A test shows a picture, or says exactly why not.</p>
            <p><a class=${choice === 'here' || paired ? 'btn btn-primary' : 'btn'} href=${`${base}/add`}><${Icon} name="plus" />Add a camera</a></p>
          </div></li>
        </ol>`}
      </div>
      <div class="first-preview" aria-hidden="true">
        <p class="soft">What you will see here: each day as a line, gaps included,</p>
        <${PreviewLine} />
        <p class="soft">and each event as a picture, newest first.</p>
        <div class="first-cards">${[1, 2, 3, 4, 5, 6].map((n) => html`<span key=${n} class="first-card"></span>`)}</div>
      </div>
    </div>`;
}

function PreviewLine() {
  const hours = [0, 3, 6, 9, 12, 15, 18, 21, 24];
  return html`
    <svg class="first-line" width="100%" height="106">
      ${hours.map((hour) => html`<line key=${hour} x1=${`${hour / 0.24}%`} x2=${`${hour / 0.24}%`} y1="0" y2="86" class="day-line-hour" />`)}
      ${[5, 27, 49, 71].map((y) => html`<rect key=${y} x="0" y=${y} width="100%" height="10" class="first-track" />`)}
      ${hours.map((hour) => html`<text key=${hour} x=${`${hour / 0.24}%`} y="103" text-anchor=${hour === 0 ? 'start' : hour === 24 ? 'end' : 'middle'} class="day-line-text">${String(hour).padStart(2, '0')}</text>`)}
    </svg>`;
}

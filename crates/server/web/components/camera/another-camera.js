import { anotherOf, differences, heardNoPassword, isUnreadable } from '../../lib/another-camera.js';
import { api } from '../../lib/api.js';
import { html, useState } from '../../lib/html.js';
import { refresh } from '../../lib/query.js';
import { when } from '../../lib/time.js';
import { toast } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';
import { Confirm } from '../overlay/dialog.js';

/**
 * Another camera answers at this one's address: what differs, and the question whether it is this one all the same. For owners and adults.
 * @param {{camera: any, home: any, now: number}} props
 */
export function AnotherCamera({ camera, home, now }) {
  const [asking, setAsking] = useState(null);
  const another = anotherOf(camera);
  const differs = differences(another);
  const accept = async () => {
    await api('PATCH', `/cameras/${camera.id}`, { body: { accept_fingerprint: asking } });
    refresh((path) => path.startsWith('/cameras'));
    toast('Saved. Its device connects to it now.');
  };
  // The question stays open, and about the camera that was asked about, while the list behind it changes.
  if (!another && !asking) return null;
  return html`
    <section class="part another-camera" id="another" aria-label="Another camera">
      <h2>Is this ${camera.name}?</h2>
      <p>${isUnreadable(another)
        ? 'What this camera was known by is damaged on its device’s disk, so that nothing can be compared.'
        : html`What answers at its address is not what was added. ${another && (heardNoPassword(another) ? 'It was not given the password.' : 'It may have been asked to prove that it knows the password.')} Nothing is recorded since <span class="num">${when(camera.status.since, home.zone, now)}</span>.`}</p>
      ${differs.length > 0 && html`<dl class="detail-facts">${differs.map(({ what, was, is }) => html`<div key=${what}><dt>${what}</dt><dd><span class="soft">was</span> <code>${was}</code><br /><span class="soft">now</span> <code>${is}</code></dd></div>`)}</dl>`}
      <p class="soft">A router can give a camera’s address to another one, also to a neighbour’s. Then put it right there, and nothing is to be done here: ${camera.name} is recorded again as soon as it is back.</p>
      ${another && html`<div class="form-buttons"><button type="button" class="btn" onClick=${() => setAsking(another.fingerprint)}><${Icon} name="check" />It is the same camera</button></div>`}
      ${asking && html`
        <${Confirm} title="Is it the same camera?" verb="It is the same camera" cancel="Keep waiting" danger=${false} onConfirm=${accept} onClose=${() => setAsking(null)}>
          <p>Say so if you have updated, reset or replaced it, or changed how it asks for its password.</p>
          <p>It is then given <b>the camera’s password</b>, and what it films is recorded <b>for everybody in this home</b>. If it were a neighbour’s, you would see into their home.</p>
        <//>`}
    </section>`;
}

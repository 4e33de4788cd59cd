import { ALL, exportUrl } from '../../lib/export.js';
import { useCameras } from '../../lib/home.js';
import { html, useState } from '../../lib/html.js';
import { bytes } from '../../lib/words.js';
import { SelectField } from '../form/field.js';
import { Icon } from '../icon/icon.js';

const PERIODS = [
  { value: ALL, label: 'Everything that is kept' },
  { value: '1', label: 'The last 24 hours' },
  { value: '7', label: 'The last 7 days' },
  { value: '30', label: 'The last 30 days' },
];

/** A home's footage and data as one file. @param {{home: any}} props */
export function ExportHome({ home }) {
  const { data } = useCameras(home.id);
  const [camera, setCamera] = useState(ALL);
  const [days, setDays] = useState(ALL);
  const cameras = (data?.cameras ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return html`
    <section class="settings-part">
      <h2>Keep a copy</h2>
      <div class="settings-body">
        <p class="soft">One ZIP file with the video and the thumbnail of each event, and this home’s data${home.used_bytes ? `: up to ${bytes(home.used_bytes)}` : ''}. Whoever has the file can see what is in it, and who made it is on record.</p>
        <div class="form-row">
          <${SelectField} id="export-camera" label="Cameras" value=${camera} onInput=${setCamera} options=${[{ value: ALL, label: 'All cameras' }, ...cameras]} />
          <${SelectField} id="export-days" label="Events of" value=${days} onInput=${setDays} options=${PERIODS} />
        </div>
        <div><a class="btn" download href=${exportUrl({ home: home.id, camera, days, now: Date.now() })}><${Icon} name="download-simple" />Download</a></div>
      </div>
    </section>`;
}

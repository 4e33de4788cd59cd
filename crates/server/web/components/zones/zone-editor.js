import { announce } from '../../lib/announce.js';
import { api, mediaUrl } from '../../lib/api.js';
import { classes, html, useRef, useState } from '../../lib/html.js';
import { refresh } from '../../lib/query.js';
import { CORNERS_MIN, KINDS, ZONES_MAX, rectangle, sameZones, zonesWords } from '../../lib/zones.js';
import { ProblemLine } from '../feedback/states.js';
import { toast } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';
import { Sheet } from '../overlay/dialog.js';
import { ZoneStage } from './zone-stage.js';

/**
 * Zones, drawn on the camera's last picture.
 * @param {{camera: any, onClose: () => void}} props
 */
export function ZoneEditor({ camera, onClose }) {
  // The picture under the zones stays the same while somebody draws.
  const [still] = useState(() => (camera.still_url ? mediaUrl(camera.still_url, { at: String(camera.still_at ?? '') }) : null));
  const [zones, setZones] = useState(camera.zones);
  const [chosen, setChosen] = useState(camera.zones.length ? 0 : -1);
  const [drawing, setDrawing] = useState(/** @type {null | import('../../lib/zones.js').Zone} */ (null));
  const [state, setState] = useState({ busy: false, problem: null });
  const list = useRef(null);
  const change = (index, zone) => setZones(zones.map((one, at) => (at === index ? { ...one, ...zone } : one)));
  const begin = (kind) => {
    setDrawing({ kind, corners: [] });
    setChosen(-1);
    announce('Press where its corners are. Arrow keys move the corners of a rectangle instead.');
  };
  const finish = (corners) => {
    setZones([...zones, { kind: drawing.kind, corners }]);
    setChosen(zones.length);
    setDrawing(null);
    announce(`Zone ${zones.length + 1} is drawn`);
  };
  const remove = (index) => {
    setZones(zones.toSpliced(index, 1));
    setChosen(-1);
    announce(`Zone ${index + 1} is deleted`);
    list.current?.focus({ preventScroll: true });
  };
  const save = async () => {
    setState({ busy: true, problem: null });
    try {
      await api('PATCH', `/cameras/${camera.id}`, { body: { zones } });
      refresh((path) => path.startsWith('/cameras'));
      toast('Saved.');
      onClose();
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  const unchanged = sameZones(zones, camera.zones);
  return html`
    <${Sheet} title=${`Zones of ${camera.name}`} onClose=${onClose} stays class="dialog-zones">
      <${ZoneStage} src=${still} name=${camera.name} zones=${zones} chosen=${chosen} drawing=${drawing} onChoose=${setChosen}
        onCorners=${(index, corners) => change(index, { corners })} onDraw=${(corners) => setDrawing({ ...drawing, corners })} onFinish=${finish} />
      ${drawing ? html`<${Drawing} drawing=${drawing} onFinish=${finish} onRectangle=${() => finish(rectangle(zones.length))} onBack=${() => setDrawing({ ...drawing, corners: drawing.corners.slice(0, -1) })} onCancel=${() => setDrawing(null)} />` : html`
      <div class="zone-list" ref=${list} tabindex="-1">
        <p class="soft">${zonesWords(zones)}</p>
        ${zones.length > 0 && html`<ol>${zones.map((zone, index) => html`<${Row} key=${index} zone=${zone} index=${index} chosen=${index === chosen} onChoose=${() => setChosen(index)} onKind=${(kind) => change(index, { kind })} onDelete=${() => remove(index)} />`)}</ol>`}
        <div class="zone-adds" role="group" aria-labelledby="zone-adds">
          <span class="label" id="zone-adds">${zones.length ? 'Another zone' : 'Draw a zone'}</span>
          ${Object.entries(KINDS).map(([kind, { name, icon }]) => html`<button key=${kind} type="button" class="btn" disabled=${zones.length >= ZONES_MAX || !still} onClick=${() => begin(kind)}><${Icon} name=${icon} />${name}</button>`)}
        </div>
        ${zones.length >= ZONES_MAX && html`<p class="meta">A camera has at most ${ZONES_MAX} zones.</p>`}
        ${!still && html`<p class="meta">There is no picture yet to draw on. It comes with the camera’s first connection.</p>`}
      </div>`}
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      ${!drawing && html`<div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Cancel</button><button type="button" class="btn btn-primary" disabled=${unchanged || state.busy} onClick=${save}>Save zones</button></div>`}
    <//>`;
}

function Drawing({ drawing, onFinish, onRectangle, onBack, onCancel }) {
  const left = CORNERS_MIN - drawing.corners.length;
  return html`
    <div class="zone-list">
      <p><b>${KINDS[drawing.kind].name}</b><br /><span class="soft">${drawing.corners.length === 0 ? 'Tap its corners in the picture, one after the other.' : left > 0 ? `${left} more ${left === 1 ? 'corner' : 'corners'} at least.` : 'Tap the first corner again to close it.'}</span></p>
      <div class="dialog-buttons">
        <button type="button" class="btn btn-quiet" onClick=${onCancel}>Cancel</button>
        ${drawing.corners.length === 0 ? html`<button type="button" class="btn" onClick=${onRectangle}>Begin with a rectangle</button>` : html`<button type="button" class="btn" onClick=${onBack}>Last corner away</button>`}
        ${drawing.corners.length > 0 && html`<button type="button" class="btn btn-primary" disabled=${left > 0} onClick=${() => onFinish(drawing.corners)}>Close the zone</button>`}
      </div>
    </div>`;
}

function Row({ zone, index, chosen, onChoose, onKind, onDelete }) {
  return html`
    <li class=${classes('zone-row', chosen && 'zone-row-chosen')}>
      <button type="button" class="zone-name" aria-pressed=${chosen} onClick=${onChoose}><span class="zone-number num">${index + 1}</span><span class="visually-hidden">Zone ${index + 1}</span></button>
      <span class="segments" role="group" aria-label=${`What zone ${index + 1} says`}>
        ${Object.entries(KINDS).map(([kind, { name }]) => html`<button key=${kind} type="button" aria-pressed=${zone.kind === kind} onClick=${() => onKind(kind)}>${name}</button>`)}
      </span>
      <button type="button" class="icon-btn" aria-label=${`Delete zone ${index + 1}`} onClick=${onDelete}><${Icon} name="trash" /></button>
    </li>`;
}

/** Where zones are said in the settings. @param {{camera: any, onOpen: () => void}} props */
export function ZonesField({ camera, onOpen }) {
  return html`
    <div class="field zones-field" role="group" aria-labelledby="zones-label">
      <span class="label" id="zones-label">Zones</span>
      <div class="zones-said"><span class="soft">${zonesWords(camera.zones)}</span><button type="button" class="btn" onClick=${onOpen}><${Icon} name="pencil-simple" />${camera.zones.length ? 'Change' : 'Draw zones'}</button></div>
    </div>`;
}

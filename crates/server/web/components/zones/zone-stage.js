import { announce } from '../../lib/announce.js';
import { classes, html, useEffect, useRef, useState } from '../../lib/html.js';
import { CORNERS_MAX, CORNERS_MIN, KINDS, UNIT, middle, moved, placeOf, placeWords, points, split, stepOf } from '../../lib/zones.js';
import { Picture } from '../picture/picture.js';

/** A press this close to the first corner closes a zone, in CSS pixels. */
const CLOSE_PX = 22;
const at = ([x, y]) => ({ left: `${(x / UNIT) * 100}%`, top: `${(y / UNIT) * 100}%` });

/**
 * The picture with its zones: what does not count is darkened. Corners of the chosen zone are dragged, or moved by arrow keys.
 * @param {{src: string | null, name: string, zones: import('../../lib/zones.js').Zone[], chosen: number, drawing: import('../../lib/zones.js').Zone | null,
 *   onChoose: (index: number) => void, onCorners: (index: number, corners: [number, number][]) => void, onDraw: (corners: [number, number][]) => void, onFinish: (corners: [number, number][]) => void}} props
 */
export function ZoneStage({ src, name, zones, chosen, drawing, onChoose, onCorners, onDraw, onFinish }) {
  const stage = useRef(null);
  const [aspect, setAspect] = useState(16 / 9);
  // Corners are parts of the picture: it is shown whole, in its own proportions.
  useEffect(() => {
    const loaded = ({ target }) => target.naturalWidth && setAspect(target.naturalWidth / target.naturalHeight);
    stage.current.addEventListener('load', loaded, true);
    return () => stage.current?.removeEventListener('load', loaded, true);
  }, []);
  const press = (event) => {
    if (!drawing) return;
    const box = stage.current.getBoundingClientRect();
    const place = placeOf(event, box);
    const [first] = drawing.corners;
    const near = first && Math.hypot(((place[0] - first[0]) / UNIT) * box.width, ((place[1] - first[1]) / UNIT) * box.height) < CLOSE_PX;
    if (near && drawing.corners.length >= CORNERS_MIN) return onFinish(drawing.corners);
    if (near) return undefined;
    const corners = [...drawing.corners, place];
    return corners.length === CORNERS_MAX ? onFinish(corners) : onDraw(corners);
  };
  const zone = drawing ? null : zones[chosen];
  return html`
    <div ref=${stage} class=${classes('zone-stage', drawing && 'zone-stage-drawing')} style=${{ aspectRatio: String(aspect) }} onClick=${press}>
      <${Picture} src=${src} alt=${`Last picture of ${name}`} lazy=${false} />
      <svg class="zone-shapes" viewBox=${`0 0 ${UNIT} ${UNIT}`} preserveAspectRatio="none" aria-hidden="true">
        <defs>
          <mask id="zone-unwatched" maskUnits="userSpaceOnUse" x="0" y="0" width=${UNIT} height=${UNIT}>
            <rect width=${UNIT} height=${UNIT} fill=${zones.some(({ kind }) => kind === 'include') ? '#fff' : '#000'} />
            ${['include', 'exclude'].map((kind) => zones.filter((one) => one.kind === kind).map((one) => html`<polygon points=${points(one.corners)} fill=${kind === 'include' ? '#000' : '#fff'} fill-rule="evenodd" />`))}
          </mask>
        </defs>
        <rect class="zone-dark" width=${UNIT} height=${UNIT} mask="url(#zone-unwatched)" />
        ${zones.map((one, index) => html`<polygon key=${index} class=${classes('zone-shape', `zone-${one.kind}`, index === chosen && !drawing && 'zone-chosen')} points=${points(one.corners)} onClick=${() => !drawing && onChoose(index)} />`)}
        ${drawing && html`<polyline class=${`zone-shape zone-chosen zone-open zone-${drawing.kind}`} points=${points(drawing.corners)} />`}
      </svg>
      ${!drawing && zones.map((one, index) => html`<span key=${index} class="zone-tag num" style=${at(one.corners.reduce((top, corner) => (corner[1] < top[1] ? corner : top)))} aria-hidden="true">${index + 1}</span>`)}
      ${drawing?.corners.map((corner, index) => html`<span key=${index} class=${classes('zone-dot', index === 0 && 'zone-dot-first')} style=${at(corner)}></span>`)}
      ${zone && html`<${Corners} stage=${stage} zone=${zone} number=${chosen + 1} onCorners=${(corners) => onCorners(chosen, corners)} />`}
    </div>`;
}

/** The corners of the chosen zone, and between them what makes another. */
function Corners({ stage, zone: { kind, corners }, number, onCorners }) {
  const drag = useRef(-1);
  const begin = (index) => (event) => {
    drag.current = index;
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event) => {
    if (drag.current < 0) return;
    onCorners(moved(corners, drag.current, placeOf(event, stage.current.getBoundingClientRect())));
  };
  const end = () => {
    drag.current = -1;
  };
  const key = (index) => (event) => {
    if ((event.key === 'Delete' || event.key === 'Backspace') && corners.length > CORNERS_MIN) {
      event.preventDefault();
      event.currentTarget.previousElementSibling?.focus();
      return onCorners(corners.toSpliced(index, 1));
    }
    const step = stepOf(event.key, event.shiftKey);
    if (!step) return undefined;
    event.preventDefault();
    const next = moved(corners, index, [corners[index][0] + step[0], corners[index][1] + step[1]]);
    announce(placeWords(next[index]));
    return onCorners(next);
  };
  return html`<div class="zone-corners" role="group" aria-label=${`Zone ${number}, ${KINDS[kind].name}: its corners`}>
    ${corners.map((corner, index) => html`<button key=${index} type="button" class="zone-corner" style=${at(corner)} aria-label=${`Corner ${index + 1} of ${corners.length}, ${placeWords(corner)}. Arrow keys move it, Delete takes it away.`}
      onPointerDown=${begin(index)} onPointerMove=${move} onPointerUp=${end} onPointerCancel=${end} onKeyDown=${key(index)} />`)}
    ${corners.length < CORNERS_MAX && corners.map((_, index) => html`<button key=${`middle-${index}`} type="button" class="zone-corner zone-middle" style=${at(middle(corners, index))} aria-label=${`Another corner behind corner ${index + 1}`} onClick=${() => onCorners(split(corners, index))} />`)}
  </div>`;
}

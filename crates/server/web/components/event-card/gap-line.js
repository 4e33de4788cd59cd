import { faultWords } from '../../lib/faults.js';
import { gapWords } from '../../lib/gaps.js';
import { html } from '../../lib/html.js';

const REMEDY = { password: 'Enter password', address: 'Check address', test: 'Test again', zones: 'Draw a zone' };

/**
 * A gap in the list: whose, since when, why, and what helps while it still goes on.
 * @param {{gap: any, camera: string, zone: string, day: string, home: string, mayManage: boolean}} props
 */
export function GapLine({ gap, camera, zone, day, home, mayManage }) {
  const { action } = faultWords(gap.reason);
  const remedy = gap.to === null && mayManage ? REMEDY[action] : null;
  return html`
    <li class="gap">
      <svg class="gap-mark" aria-hidden="true"><rect width="100%" height="100%" fill="url(#hatch)" /></svg>
      <p><b>${camera}</b> ${gapWords(gap, zone, day)}.
        ${remedy && html` <a class="link nowrap" href=${`/h/${home}/cameras/${gap.camera_id}#${action}`}>${remedy}</a>`}</p>
      <span class="gap-rule" aria-hidden="true"></span>
    </li>`;
}

/** The hatching that all gaps on a page are filled with. One on the page. */
export function Hatch() {
  return html`<svg class="visually-hidden" aria-hidden="true"><defs>
    <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="3" y1="0" x2="3" y2="6" class="hatch-line" /></pattern>
  </defs></svg>`;
}

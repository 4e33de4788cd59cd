import { useMedia } from '../../lib/clockwork.js';
import { html, useLayoutEffect, useRef } from '../../lib/html.js';
import { useKeys } from '../../lib/keys.js';
import { rightsOf, whySteps, whyText, whyTitle } from '../../lib/people.js';
import { Icon } from '../icon/icon.js';
import { Sheet } from '../overlay/dialog.js';

/** Where the page is wide enough, the panel stands beside it; else it is a sheet. */
const BESIDE = '(min-width: 1320px)';

/**
 * Why somebody sees a camera: the chain, what the role allows, when it ends.
 * @param {{member: any, members: any[], camera: any, home: any, onClose: () => void}} props
 */
export function WhyPanel(props) {
  const beside = useMedia(BESIDE);
  const title = whyTitle(props.member, props.camera, props.members);
  if (beside) return html`<${Beside} title=${title} from=${whyText(props.member.id, props.camera.id)} onClose=${props.onClose}><${Chain} ...${props} /><//>`;
  return html`<${Sheet} title=${title} onClose=${props.onClose}><${Chain} ...${props} /><//>`;
}

/** @param {{title: string, from: string, onClose: () => void, children?: any}} props `from`: the link that takes the focus back */
function Beside({ title, from, onClose, children }) {
  const heading = useRef(null);
  const latest = useRef(from);
  latest.current = from;
  useLayoutEffect(() => heading.current.focus({ preventScroll: true }), [title]);
  useLayoutEffect(() => () => document.querySelector(`[data-keep="${CSS.escape(latest.current)}"]`)?.focus({ preventScroll: true }), []);
  useKeys({ escape: onClose });
  return html`
    <aside class="why" aria-labelledby="why-title">
      <div class="why-head"><h2 id="why-title" ref=${heading} tabindex="-1">${title}</h2><button type="button" class="icon-btn" aria-label="Close" onClick=${onClose}><${Icon} name="x" /></button></div>
      ${children}
    </aside>`;
}

function Chain({ member, members, camera, home }) {
  const { may, mayNot, keptBy, ends } = rightsOf(member);
  return html`
    <ol class="chain">
      ${whySteps({ member, members, camera, home }).map(({ icon, title, detail, opens }) => html`<li key=${icon}><span class="chain-dot"><${Icon} name=${icon} /></span><div><h3>${title}</h3><p class="soft">${detail}</p><p class="chain-opens">${opens}</p></div></li>`)}
    </ol>
    <dl class="why-rights">
      <div><dt>May</dt><dd>${may}</dd></div>
      ${mayNot && html`<div><dt>May not</dt><dd>${mayNot}<small>${keptBy}</small></dd></div>`}
      <div><dt>Ends</dt><dd>${ends}<small>Then the home and all its cameras get new keys.</small></dd></div>
    </dl>`;
}

/** Where no chain leads. @param {{onClose: () => void}} props */
export function NoChain({ onClose }) {
  return html`<div class="notice notice-quiet"><${Icon} name="link-simple" /><p><b>No chain leads from this person to this camera.</b> One of them is not in this home any more. <button type="button" class="link" onClick=${onClose}>Close</button></p></div>`;
}

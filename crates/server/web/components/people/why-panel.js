import { useMedia } from '../../lib/clockwork.js';
import { classes, html, useLayoutEffect, useRef, useState } from '../../lib/html.js';
import { useKeys } from '../../lib/keys.js';
import { rightsOf, whySteps, whyText, whyTitle } from '../../lib/people.js';
import { endEffect, holderShort, shareRights, shareSteps, shareWhyTitle } from '../../lib/shares.js';
import { ProblemLine } from '../feedback/states.js';
import { Icon } from '../icon/icon.js';
import { Sheet } from '../overlay/dialog.js';

/** Where the page is wide enough, the panel stands beside it; else it is a sheet. */
const BESIDE = '(min-width: 1320px)';

/**
 * Why a member sees a camera: the chain, what the role allows, when it ends.
 * @param {{member: any, members: any[], camera: any, home: any, onClose: () => void}} props
 */
export function WhyMember({ member, members, camera, home, onClose }) {
  const { may, mayNot, keptBy, ends } = rightsOf(member);
  return html`
    <${WhyPanel} title=${whyTitle(member, camera, members)} from=${whyText(member.id, camera.id)} onClose=${onClose}>
      <${Chain} steps=${whySteps({ member, members, camera, home })} may=${may} mayNot=${mayNot} keptBy=${keptBy} ends=${ends} endsBy="Then the home and all its cameras get new keys." />
    <//>`;
}

/**
 * Why the holder of a share sees a camera, and how to end it.
 * @param {{share: any, people: any, camera: any, home: any, now: number, onChange: () => void, onEnd: () => Promise<void>, onClose: () => void}} props
 */
export function WhyShare({ share, people, camera, home, now, onChange, onEnd, onClose }) {
  return html`
    <${WhyPanel} title=${shareWhyTitle(share, camera, people)} from=${whyText(share.id, camera.id)} onClose=${onClose}
      foot=${html`<${ShareEnd} key=${share.id} share=${share} name=${holderShort(share, people)} onChange=${onChange} onEnd=${onEnd} />`}>
      <${Chain} steps=${shareSteps({ share, people, camera, home, now })} ...${shareRights(share, home.zone, now)} />
    <//>`;
}

/** Ends it with one tap: what that does stands above the button. */
function ShareEnd({ share, name, onChange, onEnd }) {
  const [state, setState] = useState({ busy: false, problem: null });
  const end = async () => {
    setState({ busy: true, problem: null });
    try {
      await onEnd();
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  return html`
    <p class="soft">${endEffect(share, name)}</p>
    ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
    <div class="why-buttons"><button type="button" class="btn" onClick=${onChange}>Change</button><button type="button" class="btn btn-danger" disabled=${state.busy} onClick=${end}>End share now</button></div>`;
}

/** @param {{title: string, from: string, foot?: any, onClose: () => void, children?: any}} props `from`: the link that takes the focus back */
function WhyPanel({ title, from, foot, onClose, children }) {
  const beside = useMedia(BESIDE);
  const inside = html`${children}${foot && html`<div class="why-foot">${foot}</div>`}`;
  return beside
    ? html`<${Beside} title=${title} from=${from} onClose=${onClose}>${inside}<//>`
    : html`<${Sheet} title=${title} onClose=${onClose}>${inside}<//>`;
}

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

function Chain({ steps, may, mayNot, keptBy, ends, endsBy }) {
  return html`
    <ol class="chain">
      ${steps.map(({ icon, title, detail, opens, warn }) => html`<li key=${icon} class=${classes(warn && 'chain-warn')}><span class="chain-dot"><${Icon} name=${icon} /></span><div><h3>${title}</h3><p class="soft">${detail}</p><p class="chain-opens">${opens}</p></div></li>`)}
    </ol>
    <dl class="why-rights">
      <div><dt>May</dt><dd>${may}</dd></div>
      ${mayNot && html`<div><dt>May not</dt><dd>${mayNot}<small>${keptBy}</small></dd></div>`}
      <div><dt>Ends</dt><dd>${ends}<small>${endsBy}</small></dd></div>
    </dl>`;
}

/** Where no chain leads. @param {{title: string, text: string, onClose: () => void}} props */
export function NoChain({ title, text, onClose }) {
  return html`<div class="notice notice-quiet"><${Icon} name="link-simple" /><p><b>${title}</b> ${text} <button type="button" class="link" onClick=${onClose}>Close</button></p></div>`;
}

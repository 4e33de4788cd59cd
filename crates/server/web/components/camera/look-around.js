import { html } from '../../lib/html.js';
import { addedAt, foundDetail, foundName, lookFault } from '../../lib/look.js';
import { ProblemLine } from '../feedback/states.js';
import { Icon } from '../icon/icon.js';

const live = (look) => look.starting || look.test?.state === 'waiting' || look.test?.state === 'running';

/**
 * Cameras in a device's network, as they answer. A tap takes one.
 * @param {{look: any, deviceName?: string, cameras: any[], disabled: boolean, onLook: () => void, onPick: (found: any) => void}} props
 */
export function LookAround({ look, deviceName, cameras, disabled, onLook, onPick }) {
  const found = look.test?.look?.found ?? [];
  const begun = look.test && look.test.state !== 'waiting';
  return html`
    <section class="stack">
      <div class="look-head"><div><span class="label">Cameras nearby</span><p class="soft">The device calls into its network; cameras that speak ONVIF answer.</p></div>
        <button type="button" class="btn" disabled=${disabled || live(look)} onClick=${onLook}><${Icon} name="arrow-clockwise" />${look.test ? 'Look again' : 'Look for cameras'}</button></div>
      ${found.length > 0 && html`<ul class="card makers-list">${found.map((one) => html`<${Found} key=${one.onvif} found=${one} added=${addedAt(cameras, one.host)} onPick=${onPick} />`)}</ul>`}
      <div role="status"><${Standing} look=${look} begun=${begun} count=${found.length} deviceName=${deviceName} /></div>
      ${look.problem && html`<${ProblemLine} problem=${look.problem} />`}
    </section>`;
}

function Found({ found, added, onPick }) {
  return html`<li><button type="button" onClick=${() => onPick(found)}><span><b>${foundName(found)}</b><small>${foundDetail(found)}${added && ` · added as ${added.name}`}</small></span><${Icon} name="caret-right" /></button></li>`;
}

function Standing({ look, begun, count, deviceName }) {
  const state = look.test?.state;
  if (live(look)) return html`<p class="soft">${begun ? 'Looking. It takes some five seconds.' : `Waiting for ${deviceName ?? 'the device'} to begin.`}</p>`;
  if (state === 'failed') {
    const { problem, remedy } = lookFault(look.test.look?.fault);
    return html`<div class="notice notice-warn"><${Icon} name="plugs" /><p><b>${problem}</b> ${remedy}</p></div>`;
  }
  if (state === 'expired') return html`<p class="soft">The device did not answer in time. It may be away, or of a version from before there was this search.</p>`;
  if (state === 'passed' && count === 0) return html`<p class="soft">No camera answered. Some answer only once ONVIF is switched on in their settings; others have none. Enter the address instead.</p>`;
  return null;
}

/**
 * The camera that was taken, while it waits for its password. @param {{found: any, onBack: () => void}} props
 */
export function Taken({ found, onBack }) {
  return html`<div class="card test-address look-taken"><div><span class="meta">Camera</span><p><b>${foundName(found)}</b></p><p class="soft">${foundDetail(found)}</p></div><button type="button" class="btn btn-quiet" onClick=${onBack}>Another</button></div>`;
}

/**
 * A camera being asked for its streams. @param {{asking: any, found: any, onEdit: () => void, onAgain: () => void}} props
 */
export function Asking({ asking, found, onEdit, onAgain }) {
  const state = asking.test?.state;
  const over = state === 'failed' || state === 'expired';
  const words = state === 'failed' && lookFault(asking.test.look?.fault);
  return html`
    <div class="stack-lg">
      <${Taken} found=${found} onBack=${onEdit} />
      ${!over && !asking.problem && html`<p class="soft" role="status">Asking ${foundName(found)} for its streams.</p>`}
      ${words && html`<div class="notice notice-warn" role="alert"><${Icon} name="x-circle-fill" /><p><b>${words.problem}</b> ${words.remedy}</p></div>`}
      ${state === 'expired' && html`<div class="notice notice-warn" role="alert"><${Icon} name="clock" /><p><b>The device did not answer in time.</b> Check that it is connected, then try again.</p></div>`}
      ${asking.problem && html`<${ProblemLine} problem=${asking.problem} />`}
      <div class="form-buttons sticky-buttons"><button type="button" class="btn" onClick=${onEdit}>Back</button>${(over || asking.problem) && html`<button type="button" class="btn btn-primary" onClick=${onAgain}>Ask again</button>`}</div>
    </div>`;
}

import { useLasting, useSecondsUntil } from '../../lib/clockwork.js';
import { html } from '../../lib/html.js';
import { clock, viewerZone } from '../../lib/time.js';
import { Icon } from '../icon/icon.js';
import { LockedNotice } from './lockdown.js';

/**
 * A whole page's error: problem, remedy, time, reference.
 * @param {{problem: import('../../lib/problem.js').Problem, onRetry?: () => void, retryAt?: number | null}} props
 */
export function ProblemPage({ problem, onRetry, retryAt = null }) {
  if (problem.notFound) return html`<${NothingHere} />`;
  if (problem.lockedDown) return html`<section class="state"><${LockedNotice} what="events" lockdown=${problem.lockdown} /></section>`;
  if (retryAt) return html`<section class="state"><${Busy} retryAt=${retryAt} /></section>`;
  if (problem.notVerified) {
    return html`
      <section class="state" role="alert">
        <${Icon} name="shield-warning" class="state-icon" />
        <h2 class="state-title">Could not be verified, not shown</h2>
        <p class="state-text">What came does not authenticate. The alarm has been raised; the operator of this server finds it by the reference.</p>
        <${Reference} problem=${problem} />
      </section>`;
  }
  return html`
    <section class="state" role="alert">
      <${Icon} name=${problem.offline ? 'wifi-slash' : 'warning-circle'} class="state-icon" />
      <h2 class="state-title">${problem.message}</h2>
      ${problem.remedy && html`<p class="state-text">${problem.remedy}</p>`}
      ${onRetry && html`<button type="button" class="btn" onClick=${onRetry}><${Icon} name="arrow-clockwise" />Try again</button>`}
      <${Reference} problem=${problem} />
    </section>`;
}

/** The same words whether it does not exist or belongs to somebody else. */
export function NothingHere() {
  return html`
    <section class="state">
      <h2 class="state-title">Nothing here</h2>
      <p class="state-text">The address may be mistyped, or what it named is gone or belongs to somebody else.</p>
      <a class="btn" href="/">To your events</a>
    </section>`;
}

/** A problem in one line, beside what caused it. @param {{problem: import('../../lib/problem.js').Problem}} props */
export function ProblemLine({ problem }) {
  return html`
    <div class="notice notice-bad" role="alert">
      <${Icon} name="warning-circle" />
      <div>
        <p><b>${problem.message}</b> ${problem.remedy}</p>
        ${problem.status >= 500 && html`<${Reference} problem=${problem} />`}
      </div>
    </div>`;
}

function Reference({ problem }) {
  if (!problem.reference) return html`<p class="meta">${clock(problem.at * 1000, viewerZone(), { seconds: true })}</p>`;
  return html`<p class="meta">${clock(problem.at * 1000, viewerZone(), { seconds: true })}, reference <span class="mono">${problem.reference}</span></p>`;
}

/** "Busy, trying again in 12 s". What is on the page stays. @param {{retryAt: number}} props */
export function Busy({ retryAt }) {
  const seconds = useSecondsUntil(retryAt);
  return html`<div class="notice notice-warn" role="status"><${Icon} name="clock" /><p><b>Busy,</b> trying again in <span class="num">${seconds} s</span>.</p></div>`;
}

/** What a list leaves out because it does not authenticate. @param {{what: string}} props `what`: with its number, such as "2 events" */
export function Unverified({ what }) {
  return html`<div class="notice notice-bad" role="alert"><${Icon} name="shield-warning" /><p><b>${what} could not be verified, not shown.</b> The alarm has been raised; the operator sees the reference in the server's log.</p></div>`;
}

/** Grey shapes of what will come, if it takes longer than a glance. @param {{loading: boolean, children?: any}} props */
export function Skeleton({ loading, children }) {
  const shown = useLasting(loading);
  return shown ? html`<div class="skeleton" role="status"><span class="visually-hidden">Loading</span><div aria-hidden="true">${children}</div></div>` : null;
}

/** @param {{icon: string, title: string, children?: any}} props */
export function EmptyState({ icon, title, children }) {
  return html`<section class="state"><${Icon} name=${icon} class="state-icon" /><h2 class="state-title">${title}</h2>${children}</section>`;
}

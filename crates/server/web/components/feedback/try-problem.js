import { html } from '../../lib/html.js';
import { Icon } from '../icon/icon.js';
import { LockedNotice } from './lockdown.js';
import { ProblemLine } from './states.js';

/** Until when (milliseconds) the server wants no other try, or null. @param {import('../../lib/problem.js').Problem} problem */
export function untilOf(problem) {
  return problem.busy && problem.retryAfter ? problem.at + problem.retryAfter * 1000 : null;
}

/**
 * Why somebody did not get in. What was only a matter of waiting is gone once the wait is over.
 * @param {{problem: import('../../lib/problem.js').Problem, wait: number}} props `wait`: seconds that are left of it
 */
export function TryProblem({ problem, wait }) {
  if (wait > 0) return html`<div class="notice notice-warn" role="alert"><${Icon} name="clock" /><p><b>${problem.code === 'too-many-tries' ? 'Too many tries.' : 'Busy.'}</b> Try again in <span class="num">${wait} s</span>.</p></div>`;
  if (untilOf(problem)) return null;
  if (problem.lockedDown) return html`<${LockedNotice} what="sign-in" lockdown=${problem.lockdown}><p>Who is signed in stays signed in. Try again later.</p><//>`;
  return html`<${ProblemLine} problem=${problem} />`;
}

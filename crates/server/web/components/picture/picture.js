import { closedPicture } from '../../lib/closed-pictures.js';
import { connection, offlineSince } from '../../lib/connection.js';
import { html, useEffect, useState } from '../../lib/html.js';
import { offlineProblem, problemOf } from '../../lib/problem.js';
import { Icon } from '../icon/icon.js';

/**
 * A picture of the server, or the reason why there is none: what does not authenticate is a grey tile with its reference, what is locked down one with a lock; never a broken image.
 * @param {{src: string | null, alt?: string, lazy?: boolean, class?: string}} props
 */
export function Picture({ src, alt = '', lazy = true, class: extra = '' }) {
  const [state, setState] = useState({ shown: false, failed: null, problem: null, round: 0 });
  // A problem is that of its address; when another comes, the picture before it stays until the new one is here.
  const problem = state.failed === src ? state.problem : null;
  const again = () => setState((was) => ({ ...was, shown: false, problem: null, round: was.round + 1 }));
  useEffect(() => {
    if (!problem?.busy) return undefined;
    const timer = setTimeout(again, (problem.retryAfter || 5) * 1000);
    return () => clearTimeout(timer);
  }, [problem]);
  useEffect(() => (problem?.offline ? offlineSince.subscribe((since) => since === null && again()) : undefined), [problem]);
  useEffect(() => (problem?.lockedDown ? closedPicture({ src, lockdown: problem.lockdown, again }) : undefined), [problem]);
  const failed = async () => {
    const found = await reasonOf(src);
    setState((was) => ({ ...was, failed: src, problem: found }));
  };
  if (!src) return html`<span class=${`picture picture-none ${extra}`}><${Icon} name="image" /></span>`;
  if (problem) return html`<${NoPicture} problem=${problem} class=${extra} />`;
  return html`<span class=${`picture ${extra}`}><img key=${state.round} src=${src} alt=${alt} loading=${lazy ? 'lazy' : 'eager'} decoding="async" draggable=${false}
    class=${state.shown ? 'picture-shown' : ''} onLoad=${() => setState((was) => ({ ...was, shown: true }))} onError=${failed} /></span>`;
}

function NoPicture({ problem, class: extra }) {
  if (problem.notVerified) {
    return html`<span class=${`picture picture-none ${extra}`} role="img" aria-label="Could not be verified, not shown"><${Icon} name="shield-warning" />
      <span class="picture-why">Could not be verified, not shown</span><span class="picture-reference mono">${problem.reference}</span></span>`;
  }
  if (problem.lockedDown) return html`<span class=${`picture picture-none picture-locked ${extra}`}><${Icon} name="lock-simple" /><span class="picture-why">Locked down</span></span>`;
  const why = problem.busy ? 'Busy, comes in a moment' : problem.offline ? 'No connection' : problem.notFound ? 'No picture' : 'Picture did not load';
  return html`<span class=${`picture picture-none ${extra}`}><${Icon} name="image-broken" /><span class="picture-why">${why}</span></span>`;
}

/** An image element does not say why it failed; asking once more does. */
async function reasonOf(src) {
  try {
    const response = await fetch(src, { credentials: 'same-origin', cache: 'no-store' });
    if (response.ok) return { decode: true };
    return await problemOf(response);
  } catch {
    connection.lost();
    return offlineProblem();
  }
}

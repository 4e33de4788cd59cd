import { api } from '../../lib/api.js';
import { html, useState } from '../../lib/html.js';
import { refresh } from '../../lib/query.js';
import { when } from '../../lib/time.js';
import { ProblemLine } from '../feedback/states.js';
import { toast } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';

/**
 * A camera that is quieted: since when, why, what that means, and the ways out of it.
 * @param {{camera: any, zone: string, now: number, manage: boolean, onZones: () => void}} props
 */
export function Quieted({ camera, zone, now, manage, onZones }) {
  const [state, setState] = useState({ busy: false, problem: null });
  const never = async () => {
    setState({ busy: true, problem: null });
    try {
      await api('PATCH', `/cameras/${camera.id}`, { body: { quieting: false } });
      refresh((path) => path.startsWith('/cameras'));
      toast('Saved. It is not quieted any more.');
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  return html`
    <div class="notice notice-warn"><${Icon} name="minus-circle-fill" /><div>
      <p><b>Quieted since ${when(camera.status.quieted_since, zone, now)}.</b> It made 30 events within an hour, so there is one in five minutes at most. What is clearly larger than usual is an event all the same. It ends by itself once nothing was left out for 20 minutes.</p>
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      ${manage && html`<div class="notice-actions"><button type="button" class="btn" onClick=${onZones}>${camera.zones.length ? 'Change its zones' : 'Draw a zone'}</button><button type="button" class="btn btn-quiet" disabled=${state.busy} onClick=${never}>Never quiet it</button></div>`}
    </div></div>`;
}

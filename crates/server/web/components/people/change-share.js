import { api } from '../../lib/api.js';
import { useNow } from '../../lib/clockwork.js';
import { html, useState } from '../../lib/html.js';
import { camerasSaid, MORE_RIGHTS, sumUp } from '../../lib/shares.js';
import { fieldOf } from '../../lib/time.js';
import { ProblemLine } from '../feedback/states.js';
import { Icon } from '../icon/icon.js';
import { Sheet } from '../overlay/dialog.js';
import { inAWeek, RightsFields, UntilFields, untilError, untilOf } from './share-fields.js';

/**
 * Changing what a share allows, and its end. Its cameras and its beginning stay: they are in its keys.
 * @param {{home: any, share: any, name: string, onDone: () => void, onClose: () => void}} props
 */
export function ChangeShare({ home, share, name, onDone, onClose }) {
  const { zone } = home;
  const now = useNow() * 1000;
  const [form, setForm] = useState(() => ({
    rights: share.rights.filter((right) => MORE_RIGHTS.includes(right)),
    until: share.until === null ? 'open' : 'date',
    untilDate: share.until === null ? inAWeek(zone, now) : fieldOf(share.until, zone),
  }));
  const [state, setState] = useState({ busy: false, problem: null, error: null });
  const set = (change) => setForm((was) => ({ ...was, ...change }));
  const until = untilOf(form, zone);
  const changes = changesOf(share, form, until, zone);

  const submit = async (event) => {
    event.preventDefault();
    const error = 'until' in changes ? untilError(form, zone, Math.max(Date.now() * 1000, share.from ?? 0)) : null;
    if (error) {
      setState({ busy: false, problem: null, error });
      document.getElementById('share-until')?.focus();
      return;
    }
    setState({ busy: true, problem: null, error: null });
    try {
      await api('PATCH', `/homes/${encodeURIComponent(home.id)}/shares/${share.id}`, { body: changes });
      onDone();
    } catch (problem) {
      const ofUntil = problem.field === 'until';
      setState({ busy: false, problem: ofUntil ? null : problem, error: ofUntil ? problem.message : null });
    }
  };
  return html`
    <${Sheet} title=${`Change the share with ${name}`} onClose=${onClose}>
      <form class="share-form" onSubmit=${submit} novalidate>
        <p class="soft">${camerasSaid(share.cameras)}. For other cameras or another beginning, end this share and make a new one.</p>
        <${RightsFields} rights=${form.rights} onChange=${(rights) => set({ rights })} />
        <${UntilFields} value=${form.until} date=${form.untilDate} onChange=${set} zone=${zone} error=${state.error} />
        <p class="sum-up"><${Icon} name="share-network" /><span>${sumUp({ who: name, cameras: share.cameras, rights: form.rights, from: share.now_on ? share.made_at : share.from, nowOn: false, until, zone, now })}</span></p>
        ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
        <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Cancel</button><button class="btn btn-primary" disabled=${state.busy || !Object.keys(changes).length}>Save</button></div>
      </form>
    <//>`;
}

/** What the form would change, as the body of a PATCH. The field has no seconds, so an end that was not touched stays exactly. */
function changesOf(share, { rights, until: how, untilDate }, until, zone) {
  const changes = {};
  if (MORE_RIGHTS.some((right) => rights.includes(right) !== share.rights.includes(right))) changes.rights = ['footage', ...MORE_RIGHTS.filter((right) => rights.includes(right))];
  const same = how === 'open' ? share.until === null : share.until !== null && untilDate === fieldOf(share.until, zone);
  if (!same) changes.until = until;
  return changes;
}

import { api } from '../../lib/api.js';
import { useNow } from '../../lib/clockwork.js';
import { peoplePath } from '../../lib/home.js';
import { html, useEffect, useState } from '../../lib/html.js';
import { refresh } from '../../lib/query.js';
import { sumUp } from '../../lib/shares.js';
import { fieldOf, instantOfField } from '../../lib/time.js';
import { ProblemLine } from '../feedback/states.js';
import { Field } from '../form/field.js';
import { Icon } from '../icon/icon.js';
import { Sheet } from '../overlay/dialog.js';
import { MadeLink } from './made-link.js';
import { inAWeek, RightsFields, UntilFields, untilError, untilOf, WhenFields } from './share-fields.js';

const BEGINS = [
  { value: 'all', name: 'All there is', about: 'Earlier footage too' },
  { value: 'now', name: 'From now on', about: 'Earlier footage stays closed by key' },
  { value: 'date', name: 'From a date', about: 'A rule that the server keeps' },
];

/**
 * Sharing cameras with somebody outside the home: who, what, from when, until when; then the link, which is shown this once.
 * @param {{home: any, cameras: {id: string, name: string}[], chosen?: string[], onClose: () => void}} props `chosen`: the cameras to begin with
 */
export function ShareSheet({ home, cameras, chosen = [], onClose }) {
  const [made, setMade] = useState(null);
  const [only] = cameras.filter(({ id }) => chosen.includes(id));
  const title = made ? 'Pass this link on' : only ? `Share ${only.name}` : `Share a camera of ${home.name}`;
  return html`
    <${Sheet} title=${title} onClose=${onClose} stays=${Boolean(made)}>
      ${made ? html`<${MadeLink} home=${home} invitation=${made} what="share" onClose=${onClose} />` : html`<${ShareForm} home=${home} cameras=${cameras} chosen=${chosen} onMade=${setMade} onClose=${onClose} />`}
    <//>`;
}

function ShareForm({ home, cameras, chosen, onMade, onClose }) {
  const { zone } = home;
  const now = useNow() * 1000;
  const [form, setForm] = useState(() => ({
    email: '', cameras: cameras.length === 1 ? [cameras[0].id] : chosen, rights: [], begin: 'now', beginDate: `${fieldOf(now + 86_400_000_000, zone).slice(0, 10)}T00:00`, until: 'date', untilDate: inAWeek(zone, now),
  }));
  const [state, setState] = useState({ busy: false, problem: null, errors: {} });
  useEffect(() => document.getElementById('share-email')?.focus(), []);
  const set = (change) => setForm((was) => ({ ...was, ...change }));
  const picked = cameras.filter(({ id }) => form.cameras.includes(id));
  const from = form.begin === 'date' ? instantOfField(form.beginDate, zone) : null;
  const until = untilOf(form, zone);

  const wrongIn = () => {
    const at = Date.now() * 1000;
    return {
      email: /^\S+@\S+$/.test(form.email.trim()) ? null : 'Enter the e-mail address of who gets the share.',
      cameras: picked.length ? null : 'Choose at least one camera.',
      from: form.begin === 'date' && from === null ? 'Enter a date and a time.' : null,
      until: untilError(form, zone, Math.max(at, from ?? 0)),
    };
  };
  const submit = async (event) => {
    event.preventDefault();
    const errors = wrongIn();
    const first = FIELDS.find((name) => errors[name]);
    if (first) {
      setState({ busy: false, problem: null, errors });
      focusOn(first);
      return;
    }
    setState({ busy: true, problem: null, errors: {} });
    try {
      const body = { email: form.email.trim(), cameras: picked.map(({ id }) => id), rights: ['footage', ...form.rights], from, now_on: form.begin === 'now', until };
      const share = await api('POST', `/homes/${encodeURIComponent(home.id)}/shares`, { body });
      refresh((path) => path === peoplePath(home.id));
      onMade(share);
    } catch (problem) {
      const field = problem.code === 'already-member' ? 'email' : FIELDS.includes(problem.field) ? problem.field : null;
      setState({ busy: false, problem: field ? null : problem, errors: field ? { [field]: `${problem.message} ${problem.remedy}`.trim() } : {} });
      if (field) focusOn(field);
    }
  };
  return html`
    <form class="share-form" onSubmit=${submit} novalidate>
      <${Field} id="share-email" label="E-mail" type="email" value=${form.email} onInput=${(email) => set({ email })} error=${state.errors.email} inputmode="email" autocapitalize="none" autocomplete="off" spellcheck="false" hint="Only who types this address can open it. Nothing is sent: you pass the link on." />
      ${cameras.length > 1 && html`<${CameraFields} cameras=${cameras} chosen=${form.cameras} onChange=${(ids) => set({ cameras: ids })} error=${state.errors.cameras} />`}
      <${RightsFields} rights=${form.rights} onChange=${(rights) => set({ rights })} />
      <div class="share-when">
        <${WhenFields} id="share-from" legend="From" choices=${BEGINS} chosen=${form.begin} onChoose=${(begin) => set({ begin })} date=${form.beginDate} onDate=${(beginDate) => set({ beginDate })} zone=${zone} error=${state.errors.from} />
        <${UntilFields} value=${form.until} date=${form.untilDate} onChange=${set} zone=${zone} error=${state.errors.until} />
      </div>
      <p class="sum-up"><${Icon} name="share-network" /><span>${sumUp({ who: form.email, cameras: picked, rights: form.rights, from, nowOn: form.begin === 'now', until, zone, now })}</span></p>
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Cancel</button><button class="btn btn-primary" disabled=${state.busy}>Share</button></div>
    </form>`;
}

/** In the order in which they stand. */
const FIELDS = ['email', 'cameras', 'from', 'until'];

function focusOn(field) {
  // What is wrong may stand in a field that is drawn only now.
  requestAnimationFrame(() => document.querySelector(field === 'cameras' ? '.share-cameras input' : `#share-${field}`)?.focus());
}

function CameraFields({ cameras, chosen, onChange, error }) {
  const toggle = (id) => onChange(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  return html`
    <fieldset class="share-cameras field" aria-describedby=${error ? 'share-cameras-error' : undefined}>
      <legend class="label">Cameras</legend>
      <div class="ticks ticks-two">
        ${cameras.map(({ id, name }) => html`<label class="tick" key=${id}><input type="checkbox" checked=${chosen.includes(id)} onChange=${() => toggle(id)} /><span>${name}</span></label>`)}
      </div>
      ${error && html`<p class="error" id="share-cameras-error"><${Icon} name="warning-circle" /><span>${error}</span></p>`}
    </fieldset>`;
}

import { api } from '../../lib/api.js';
import { peoplePath } from '../../lib/home.js';
import { html, useEffect, useState } from '../../lib/html.js';
import { invitableBy, roleName, youWould } from '../../lib/people.js';
import { refresh } from '../../lib/query.js';
import { ProblemLine } from '../feedback/states.js';
import { Field } from '../form/field.js';
import { Sheet } from '../overlay/dialog.js';
import { ShownCode, endOf } from './code-sheet.js';
import { MadeLink } from './made-link.js';

/**
 * Inviting a member: for whom and as what, then the link or the QR code, which is shown this once.
 * @param {{home: any, role: any, onClose: () => void}} props `role`: of who invites
 */
export function InviteSheet({ home, role, onClose }) {
  const [made, setMade] = useState(null);
  const title = made ? (made.qr_svg ? `Join ${home.name}` : 'Pass this link on') : `Invite a member to ${home.name}`;
  return html`
    <${Sheet} title=${title} onClose=${onClose} stays=${Boolean(made)}>
      ${made?.qr_svg ? html`<${ShownCode} home=${home} code=${made} onClose=${onClose} />` : made ? html`<${MadeLink} home=${home} invitation=${made} what="invitation" onClose=${onClose} />` : html`<${InviteForm} home=${home} role=${role} onMade=${setMade} onClose=${onClose} />`}
    <//>`;
}

/** How somebody is invited. */
const WAYS = [['email', 'By e-mail address'], ['code', 'By QR code']];

function InviteForm({ home, role, onMade, onClose }) {
  const [form, setForm] = useState({ email: '', role: 'viewer', by: 'email' });
  const [state, setState] = useState({ busy: false, problem: null, error: null });
  useEffect(() => document.getElementById('invite-email')?.focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    const email = form.email.trim();
    if (form.by === 'email' && !/^\S+@\S+$/.test(email)) {
      setState({ busy: false, problem: null, error: 'Enter the e-mail address of who is invited.' });
      document.getElementById('invite-email')?.focus();
      return;
    }
    setState({ busy: true, problem: null, error: null });
    try {
      const base = `/homes/${encodeURIComponent(home.id)}`;
      const invitation = form.by === 'code'
        ? await api('POST', `${base}/invitation-codes`, { body: { role: form.role } }).then((code) => ({ ...code, endsAt: endOf(code.expires_at / 1000) }))
        : await api('POST', `${base}/invitations`, { body: { email, role: form.role } });
      refresh((path) => path === peoplePath(home.id));
      onMade(invitation);
    } catch (problem) {
      const ofEmail = problem.code === 'already-member' || problem.field === 'email';
      setState({ busy: false, problem: ofEmail ? null : problem, error: ofEmail ? problem.message : null });
    }
  };
  return html`
    <form class="stack" onSubmit=${submit} novalidate>
      <div class="segments invite-by" role="radiogroup" aria-label="How">
        ${WAYS.map(([by, name]) => html`<button key=${by} type="button" role="radio" aria-checked=${form.by === by} onClick=${() => setForm({ ...form, by })}>${name}</button>`)}
      </div>
      ${form.by === 'code'
        ? html`<p class="soft">For somebody who is beside you: a QR code that works once, for 15 minutes. You see who used it, and confirm. Who only takes a picture of it gets nothing.</p>`
        : html`<${Field} id="invite-email" label="E-mail" type="email" value=${form.email} onInput=${(email) => setForm({ ...form, email })} error=${state.error} inputmode="email" autocapitalize="none" autocomplete="off" spellcheck="false" hint="The invitation opens for who types this address, and for nobody else. Nothing is sent: you pass the link on." />`}
      <fieldset class="stack invite-roles">
        <legend class="label">As what</legend>
        <div class="invite-choices">
          ${invitableBy(role).toReversed().map((one) => html`<label class="choice" key=${one}><input type="radio" name="invite-role" value=${one} checked=${form.role === one} onChange=${() => setForm({ ...form, role: one })} /><span class="dot"></span><span class="name">${roleName(one)}</span><span class="about">They would ${youWould(one)}</span></label>`)}
        </div>
      </fieldset>
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Cancel</button><button class="btn btn-primary" disabled=${state.busy}>${form.by === 'code' ? 'Show the code' : 'Make the link'}</button></div>
    </form>`;
}

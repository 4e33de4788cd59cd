import { api } from '../../lib/api.js';
import { peoplePath } from '../../lib/home.js';
import { html, useEffect, useRef, useState } from '../../lib/html.js';
import { invitableBy, roleName, youWould } from '../../lib/people.js';
import { refresh } from '../../lib/query.js';
import { whenSaid } from '../../lib/time.js';
import { ProblemLine } from '../feedback/states.js';
import { Copy } from '../form/copy.js';
import { Field } from '../form/field.js';
import { Icon } from '../icon/icon.js';
import { Sheet } from '../overlay/dialog.js';

/**
 * Inviting a member: for whom and as what, then the link, which is shown this once.
 * @param {{home: any, role: any, onClose: () => void}} props `role`: of who invites
 */
export function InviteSheet({ home, role, onClose }) {
  const [made, setMade] = useState(null);
  return html`
    <${Sheet} title=${made ? 'Pass this link on' : `Invite a member to ${home.name}`} onClose=${onClose} stays=${Boolean(made)}>
      ${made ? html`<${Made} home=${home} invitation=${made} onClose=${onClose} />` : html`<${InviteForm} home=${home} role=${role} onMade=${setMade} onClose=${onClose} />`}
    <//>`;
}

function InviteForm({ home, role, onMade, onClose }) {
  const [form, setForm] = useState({ email: '', role: 'viewer' });
  const [state, setState] = useState({ busy: false, problem: null, error: null });
  useEffect(() => document.getElementById('invite-email')?.focus(), []);
  const submit = async (event) => {
    event.preventDefault();
    const email = form.email.trim();
    if (!/^\S+@\S+$/.test(email)) {
      setState({ busy: false, problem: null, error: 'Enter the e-mail address of who is invited.' });
      document.getElementById('invite-email')?.focus();
      return;
    }
    setState({ busy: true, problem: null, error: null });
    try {
      const invitation = await api('POST', `/homes/${encodeURIComponent(home.id)}/invitations`, { body: { email, role: form.role } });
      refresh((path) => path === peoplePath(home.id));
      onMade(invitation);
    } catch (problem) {
      const ofEmail = problem.code === 'already-member' || problem.field === 'email';
      setState({ busy: false, problem: ofEmail ? null : problem, error: ofEmail ? problem.message : null });
    }
  };
  return html`
    <form class="stack" onSubmit=${submit} novalidate>
      <${Field} id="invite-email" label="E-mail" type="email" value=${form.email} onInput=${(email) => setForm({ ...form, email })} error=${state.error} inputmode="email" autocapitalize="none" autocomplete="off" spellcheck="false" hint="The invitation opens for who types this address, and for nobody else. Nothing is sent: you pass the link on." />
      <fieldset class="stack invite-roles">
        <legend class="label">As what</legend>
        <div class="invite-choices">
          ${invitableBy(role).toReversed().map((one) => html`<label class="choice" key=${one}><input type="radio" name="invite-role" value=${one} checked=${form.role === one} onChange=${() => setForm({ ...form, role: one })} /><span class="dot"></span><span class="name">${roleName(one)}</span><span class="about">They would ${youWould(one)}</span></label>`)}
        </div>
      </fieldset>
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Cancel</button><button class="btn btn-primary" disabled=${state.busy}>Make the link</button></div>
    </form>`;
}

function Made({ home, invitation, onClose }) {
  const link = `${location.origin}/invite#${invitation.secret}`;
  const box = useRef(null);
  useEffect(() => {
    // The form before it may have been scrolled to its end.
    box.current.closest('dialog').scrollTop = 0;
    box.current.focus({ preventScroll: true });
  }, []);
  return html`
    <div class="stack">
      <p class="soft">Send it to <b class="strong">${invitation.email}</b> in a way that only they read.</p>
      <div class="field"><label for="invite-link">Link</label><input id="invite-link" ref=${box} class="input mono" readonly value=${link} onFocus=${(event) => event.currentTarget.select()} /></div>
      <ul class="invite-facts">
        <li><${Icon} name="check" />Works once, until ${whenSaid(invitation.expires_at, home.zone, Date.now() * 1000).replace(/^on /, '')}</li>
        <li><${Icon} name="check" />Only for who types ${invitation.email} after opening it; the page does not show the address</li>
        <li><${Icon} name="eye-slash" />Shown this once. If it is lost, withdraw the invitation and make another</li>
      </ul>
      <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Done</button><${Copy} text=${link} label="Copy the link" class="btn btn-primary">Copy the link<//></div>
    </div>`;
}

import { api } from '../../lib/api.js';
import { useSecondsUntil } from '../../lib/clockwork.js';
import { tokensPath } from '../../lib/home.js';
import { html, useEffect, useRef, useState } from '../../lib/html.js';
import { viewerZone } from '../../lib/time.js';
import { TOKEN_RIGHTS, endOfToken, lastDays, tokenRightsSaid } from '../../lib/tokens.js';
import { TryProblem, untilOf } from '../feedback/try-problem.js';
import { Copy } from '../form/copy.js';
import { Field, PasswordField } from '../form/field.js';
import { Icon } from '../icon/icon.js';
import { Sheet } from '../overlay/dialog.js';

/**
 * Making a token: what for, what it may do, until when; then its text, which is shown this once.
 * @param {{email: string, onMade: () => void, onClose: () => void}} props
 */
export function TokenSheet({ email, onMade, onClose }) {
  const [made, setMade] = useState(null);
  const done = (token) => {
    setMade(token);
    onMade();
  };
  return html`
    <${Sheet} title=${made ? 'Copy this token now' : 'Make a token'} onClose=${onClose} stays=${Boolean(made)}>
      ${made ? html`<${Made} token=${made} onClose=${onClose} />` : html`<${TokenForm} email=${email} onMade=${done} onClose=${onClose} />`}
    <//>`;
}

/** In the order in which they stand. */
const FIELDS = ['name', 'rights', 'day', 'password'];

function TokenForm({ email, onMade, onClose }) {
  const zone = viewerZone();
  const days = lastDays(zone, Date.now() * 1000);
  const [form, setForm] = useState({ name: '', rights: ['footage'], day: days.usual, password: '' });
  const [errors, setErrors] = useState({});
  const [state, setState] = useState({ busy: false, problem: null });
  const wait = useSecondsUntil(state.problem ? untilOf(state.problem) : null);
  useEffect(() => document.getElementById('token-name')?.focus(), []);
  const set = (name) => (value) => {
    setForm({ ...form, [name]: value });
    setErrors({ ...errors, [name]: undefined });
  };
  const toggle = (right) => set('rights')(form.rights.includes(right) ? form.rights.filter((other) => other !== right) : [...form.rights, right]);
  const show = (wrong) => {
    setErrors(wrong);
    const first = FIELDS.find((field) => wrong[field]);
    if (first) requestAnimationFrame(() => document.querySelector(first === 'rights' ? '.token-rights input' : `#token-${first}`)?.focus());
    return Boolean(first);
  };
  const submit = async (event) => {
    event.preventDefault();
    const end = endOfToken(form.day, zone, Date.now() * 1000);
    const wrong = {};
    if (!form.name.trim()) wrong.name = 'Say what it is for.';
    if (form.rights.length === 0) wrong.rights = 'Choose at least one thing that it may do.';
    if (end.error) wrong.day = end.error;
    if (!form.password) wrong.password = 'Enter your password.';
    if (show(wrong)) return;
    setState({ busy: true, problem: null });
    try {
      const rights = TOKEN_RIGHTS.map(({ right }) => right).filter((right) => form.rights.includes(right));
      onMade(await api('POST', tokensPath, { body: { name: form.name.trim(), rights, expires_at: end.at, password: form.password } }));
    } catch (problem) {
      const field = problem.code === 'wrong-password' ? 'password' : { name: 'name', expires_at: 'day' }[problem.field];
      if (field) show({ [field]: `${problem.message} ${problem.remedy}`.trim() });
      setState({ busy: false, problem: field ? null : problem });
    }
  };
  return html`
    <form class="stack" onSubmit=${submit} novalidate>
      <${Field} id="token-name" label="What for" value=${form.name} onInput=${set('name')} error=${errors.name} maxlength="80" placeholder="Home automation" autocomplete="off" hint="So that you know it again." />
      <fieldset class="token-rights" aria-describedby=${errors.rights ? 'token-rights-error' : undefined}>
        <legend class="label">It may</legend>
        <div class="ticks">
          ${TOKEN_RIGHTS.map(({ right, name, about }) => html`<label class="tick" key=${right}><input type="checkbox" checked=${form.rights.includes(right)} onChange=${() => toggle(right)} /><span>${name}<small>${about}</small></span></label>`)}
        </div>
        ${errors.rights && html`<p class="error" id="token-rights-error"><${Icon} name="warning-circle" /><span>${errors.rights}</span></p>`}
      </fieldset>
      <${Field} id="token-day" label="Last day" type="date" min=${days.first} max=${days.last} value=${form.day} onInput=${set('day')} error=${errors.day} hint="At most a year. You can end it before, at any time; a new password ends it, too." />
      <input class="visually-hidden" type="text" name="username" autocomplete="username" value=${email} readonly tabindex="-1" aria-hidden="true" />
      <${PasswordField} id="token-password" label="Your password" value=${form.password} onInput=${set('password')} error=${errors.password} autocomplete="current-password" hint="A token may work longer than you stay signed in here." />
      ${state.problem && html`<${TryProblem} problem=${state.problem} wait=${wait} />`}
      <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Cancel</button><button class="btn btn-primary" disabled=${state.busy || wait > 0}>Make the token</button></div>
    </form>`;
}

function Made({ token, onClose }) {
  const box = useRef(null);
  useEffect(() => {
    // The form before it may have been scrolled to its end.
    box.current.closest('dialog').scrollTop = 0;
    box.current.focus({ preventScroll: true });
  }, []);
  return html`
    <div class="stack">
      <p class="soft">Put it where <b class="strong">${token.name}</b> asks for a token. ${tokenRightsSaid(token.rights)} for you: whoever has it can do that.</p>
      <div class="field"><label for="token-text">Token</label><input id="token-text" ref=${box} class="input mono" readonly autocomplete="off" spellcheck="false" value=${token.token} onFocus=${(event) => event.currentTarget.select()} /></div>
      <ul class="invite-facts">
        <li><${Icon} name="eye-slash" />Shown this once. If it is lost, end it and make another</li>
        <li><${Icon} name="key" />Programs send it as <code>Authorization: Bearer</code></li>
      </ul>
      <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Done</button><${Copy} text=${token.token} label="Copy the token" class="btn btn-primary">Copy the token<//></div>
    </div>`;
}

import { Busy, ProblemLine } from '../components/feedback/states.js';
import { toast } from '../components/feedback/toast.js';
import { TryProblem, untilOf } from '../components/feedback/try-problem.js';
import { Field, PasswordField } from '../components/form/field.js';
import { Icon } from '../components/icon/icon.js';
import { Confirm } from '../components/overlay/dialog.js';
import { SignedIn } from '../components/sessions/signed-in.js';
import { KeyHelp } from '../components/shell/key-help.js';
import { Page } from '../components/shell/page.js';
import { Tokens } from '../components/tokens/tokens.js';
import { api } from '../lib/api.js';
import { useSecondsUntil } from '../lib/clockwork.js';
import { deleteAccountWords, ownedOf } from '../lib/ending.js';
import { mePath, ofAccount } from '../lib/home.js';
import { html, useState } from '../lib/html.js';
import { refresh } from '../lib/query.js';
import { navigate } from '../lib/router.js';
import { endSession, parting } from '../lib/session.js';
import { keysOn, theme } from '../lib/settings.js';
import { useStore } from '../lib/store.js';

const LEAST_PASSWORD = 10;

/** The account: who, password, sessions, tokens of programs, what this browser remembers, and its end. @param {{me: any}} props */
export function AccountPage({ me }) {
  return html`
    <${Page} title="Account" home=${me.homes[0]}>
      <div class="settings">
        <${Profile} me=${me} />
        <${Password} email=${me.account.email} />
        <${ThisBrowser} />
        <${SignedIn} />
        <${Tokens} email=${me.account.email} />
        <${DeleteAccount} me=${me} />
      </div>
    <//>`;
}

function Profile({ me }) {
  const [name, setName] = useState(me.account.name);
  const [state, setState] = useState({ busy: false, problem: null, error: null });
  const submit = async (event) => {
    event.preventDefault();
    if (!name.trim()) return setState({ busy: false, problem: null, error: 'Enter your name.' });
    setState({ busy: true, problem: null, error: null });
    try {
      await api('PATCH', mePath, { body: { name: name.trim() } });
      refresh((path) => path === mePath || path.startsWith('/homes'));
      setState({ busy: false, problem: null, error: null });
      toast('Saved.');
    } catch (problem) {
      setState({ busy: false, problem, error: null });
    }
    return undefined;
  };
  return html`
    <form class="settings-part settings-first" onSubmit=${submit} novalidate>
      <h2>You</h2>
      <div class="settings-body">
        <p class="soft">Signed in as <b class="strong">${me.account.email}</b></p>
        <${Field} id="account-name" label="Name" value=${name} onInput=${setName} error=${state.error} maxlength="64" autocomplete="name" hint="Who you invite sees it. Homes that you joined know you by the name that you had then." />
        ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
        <div><button class="btn" disabled=${state.busy || name.trim() === me.account.name}>Save</button></div>
      </div>
    </form>`;
}

function Password({ email }) {
  const empty = { current: '', next: '' };
  const [form, setForm] = useState(empty);
  const [state, setState] = useState({ busy: false, problem: null });
  const field = (code) => (state.problem?.code === code ? `${state.problem.message} ${state.problem.remedy}` : null);
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true, problem: null });
    try {
      await api('PUT', `${mePath}/password`, { body: { current: form.current, new: form.next } });
      setForm(empty);
      setState({ busy: false, problem: null });
      refresh(ofAccount);
      toast('Password changed. Your other sessions are signed out, and your tokens ended.');
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  const own = ['wrong-password', 'weak-password'].includes(state.problem?.code);
  return html`
    <form class="settings-part" onSubmit=${submit} novalidate>
      <h2>Password</h2>
      <div class="settings-body">
        <input class="visually-hidden" type="text" name="username" autocomplete="username" value=${email} readonly tabindex="-1" aria-hidden="true" />
        <${PasswordField} id="current-password" label="Current password" value=${form.current} onInput=${(current) => setForm({ ...form, current })} error=${field('wrong-password')} autocomplete="current-password" />
        <${PasswordField} id="new-password" label="New password" value=${form.next} onInput=${(next) => setForm({ ...form, next })} error=${field('weak-password')} autocomplete="new-password" hint=${`At least ${LEAST_PASSWORD} characters. Changing it signs out your other sessions and ends all tokens.`} />
        ${state.problem && !own && html`<${ProblemLine} problem=${state.problem} />`}
        ${state.problem?.retryAfter > 0 && html`<${Busy} retryAt=${state.problem.at + state.problem.retryAfter * 1000} />`}
        <div><button class="btn" disabled=${state.busy || !form.current || form.next.length < LEAST_PASSWORD}>Change password</button></div>
      </div>
    </form>`;
}

function ThisBrowser() {
  const look = useStore(theme);
  const keys = useStore(keysOn);
  const [help, setHelp] = useState(false);
  const looks = [['system', 'System'], ['light', 'Light'], ['dark', 'Dark']];
  return html`
    <section class="settings-part">
      <h2>This browser</h2>
      <div class="settings-body">
        <div class="setting-line"><span id="theme-label">Look</span>
          <div class="segments" role="radiogroup" aria-labelledby="theme-label">${looks.map(([value, name]) => html`<button key=${value} type="button" role="radio" aria-checked=${look === value} onClick=${() => theme.set(value)}>${name}</button>`)}</div></div>
        <button type="button" class="switch" role="switch" aria-checked=${keys} onClick=${() => keysOn.set(!keys)}><span><span>Single keys do things</span><small class="meta">Space plays, J and K go on, ? shows all</small></span><span class="track"></span></button>
        <p class="wide-only"><button type="button" class="link" onClick=${() => setHelp(true)}>Show all keys</button></p>
        ${help && html`<${KeyHelp} onClose=${() => setHelp(false)} />`}
      </div>
    </section>`;
}

function DeleteAccount({ me }) {
  const [asking, setAsking] = useState(false);
  return html`
    <section class="settings-part">
      <h2>Delete account</h2>
      <div class="settings-body">
        <p class="soft">${deleteAccountWords(me.homes).text}</p>
        <div><button type="button" class="btn btn-danger" onClick=${() => setAsking(true)}><${Icon} name="trash" />Delete account</button></div>
        ${asking && html`<${DeleteQuestion} me=${me} onClose=${() => setAsking(false)} />`}
      </div>
    </section>`;
}

function DeleteQuestion({ me, onClose }) {
  const [password, setPassword] = useState('');
  const [failed, setFailed] = useState(null);
  const wait = useSecondsUntil(failed && untilOf(failed));
  const words = deleteAccountWords(me.homes);
  const wrong = failed?.code === 'wrong-password' ? `${failed.message} ${failed.remedy}` : null;
  const change = (value) => {
    setPassword(value);
    if (wrong) setFailed(null);
  };
  const remove = async () => {
    setFailed(null);
    try {
      await api('DELETE', mePath, { body: { password } });
    } catch (problem) {
      setFailed(problem);
      if (problem.code === 'wrong-password') document.getElementById('delete-password')?.focus();
      throw problem;
    }
    parting.set('Your account was deleted.');
    endSession();
    navigate('/sign-in', { replace: true });
  };
  const trouble = (problem) => {
    if (problem.code === 'wrong-password') return null;
    if (problem.code === 'last-owner') return html`<${LastOwner} problem=${problem} homes=${ownedOf(me.homes)} />`;
    return html`<${TryProblem} problem=${problem} wait=${wait} />`;
  };
  return html`
    <${Confirm} title="Delete your account?" verb="Delete account" ready=${Boolean(password) && wait === 0} trouble=${trouble} onConfirm=${remove} onClose=${onClose}>
      <p>${words.text}</p>
      <p>${words.end}</p>
      <input class="visually-hidden" type="text" name="username" autocomplete="username" value=${me.account.email} readonly tabindex="-1" aria-hidden="true" />
      <${PasswordField} id="delete-password" label="Password" value=${password} onInput=${change} error=${wrong} autocomplete="current-password" />
    <//>`;
}

/** Why the account cannot go yet, and the homes where that may be mended. */
function LastOwner({ problem, homes }) {
  return html`
    <div class="notice notice-bad" role="alert">
      <${Icon} name="warning-circle" />
      <div class="last-owner"><p><b>${problem.message}</b></p>
        ${homes.length > 0 && html`<p>You own ${homes.map((home, i) => html`<span key=${home.id}>${i === 0 ? '' : i === homes.length - 1 ? ' and ' : ', '}<a class="link" href=${`/h/${home.id}/home`}>${home.name}</a></span>`)}.</p>`}
      </div>
    </div>`;
}

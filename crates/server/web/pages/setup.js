import { ProblemLine, Skeleton } from '../components/feedback/states.js';
import { Field, PasswordField, SelectField } from '../components/form/field.js';
import { zoneOptions } from '../components/form/zones.js';
import { Icon } from '../components/icon/icon.js';
import { RecoverySheet } from '../components/recovery-sheet/recovery-sheet.js';
import { Front } from '../components/shell/front.js';
import { api } from '../lib/api.js';
import { html, useEffect, useMemo, useState } from '../lib/html.js';
import { navigate, place, takeFragment } from '../lib/router.js';
import { signIn } from '../lib/sign-in.js';
import { useStore } from '../lib/store.js';
import { viewerZone } from '../lib/time.js';

const LEAST_PASSWORD = 10;

const TITLES = {
  first: { title: 'Set up Ownsight', lead: 'The first account of this server, and your home.', verb: 'Create account and home' },
  account: { title: 'Create your account', lead: 'An account and a home of your own on this server.', verb: 'Create account' },
  sheet: { title: 'Recovery sheet', lead: 'It shows the key of this server, once. Have a printer or paper at hand, and nobody beside you.', verb: 'Show the recovery sheet' },
  reset: { title: 'Choose a new password', lead: 'All your sessions end; your homes and events stay.', verb: 'Set password' },
};

/** Set-up by a link. The secret is taken out of the address at once, and lives only in this page. */
export function SetupPage() {
  const here = useStore(place);
  const [secret, setSecret] = useState(takeFragment);
  const [done, setDone] = useState(null);
  useEffect(() => {
    // A link that is opened where this page is open already changes the fragment only.
    const other = takeFragment();
    if (other && !done) setSecret(other);
  }, [here]);
  if (done?.sheet) return html`<${RecoverySheet} sheet=${done.sheet} onStored=${done.goOn} next=${done.next} />`;
  return secret ? html`<${Link} key=${secret} secret=${secret} onDone=${setDone} />` : html`<${LinkUsed} />`;
}

function Link({ secret, onDone }) {
  const [link, setLink] = useState({ opened: null, problem: null });
  const open = async () => {
    setLink({ opened: null, problem: null });
    try {
      setLink({ opened: await api('POST', '/links/open', { body: { secret } }), problem: null });
    } catch (problem) {
      setLink({ opened: null, problem });
    }
  };
  useEffect(() => { open(); }, []);
  if (link.problem?.notFound) return html`<${LinkUsed} />`;
  if (link.problem) return html`<${Front} title="Set up"><${ProblemLine} problem=${link.problem} /><button type="button" class="btn" onClick=${open}>Try again</button><//>`;
  if (!link.opened) return html`<${Front} title="Set up"><${Skeleton} loading><div class="stack">${[1, 2, 3].map((n) => html`<span key=${n} class="bone bone-field"></span>`)}</div><//><//>`;
  if (link.opened.kind === 'sheet') return html`<${ShowSheet} secret=${secret} onDone=${onDone} />`;
  return html`<${SetupForm} secret=${secret} link=${link.opened} onDone=${onDone} />`;
}

/** By a press, and not by opening the link: what looks at links beforehand must not use it up. */
function ShowSheet({ secret, onDone }) {
  const { title, lead, verb } = TITLES.sheet;
  const [state, setState] = useState({ busy: false, problem: null });
  const show = async () => {
    setState({ busy: true, problem: null });
    try {
      const sheet = await api('POST', '/links/sheet', { body: { secret } });
      onDone({ sheet, next: 'To sign-in', goOn: async () => navigate('/sign-in', { replace: true }) });
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  if (state.problem?.notFound) return html`<${LinkUsed} />`;
  return html`
    <${Front} title=${title} lead=${lead}>
      <div class="stack">
        ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
        <button type="button" class="btn btn-primary btn-wide front-button" disabled=${state.busy} onClick=${show}>${verb}</button>
        <p class="meta front-note"><${Icon} name="key" /> Sheets that were shown before the master key was replaced belong to the backups of that time. Keep them with those.</p>
      </div>
    <//>`;
}

function LinkUsed() {
  return html`<${Front} title="This link does not work" lead="This link was used or has expired. Ask who invited you for a new one."><a class="btn" href="/sign-in">To sign-in</a>
    <p class="meta front-note">If this server is yours: each start of <code>ownsight serve</code> prints a new link until there is an account, and <code>ownsight account create</code> prints links after that.</p><//>`;
}

function SetupForm({ secret, link, onDone }) {
  const { title, lead, verb } = TITLES[link.kind] ?? TITLES.account;
  const reset = link.kind === 'reset';
  const [form, setForm] = useState({ email: link.email ?? '', password: '', name: '', home: '', zone: viewerZone() });
  const [errors, setErrors] = useState({});
  const [state, setState] = useState({ busy: false, problem: null });
  const zones = useMemo(() => (reset ? [] : zoneOptions(viewerZone())), [reset]);
  const set = (name) => (value) => {
    setForm({ ...form, [name]: value });
    setErrors({ ...errors, [name]: undefined });
  };

  const submit = async (event) => {
    event.preventDefault();
    const wrong = check(form, reset);
    setErrors(wrong);
    const [first] = Object.keys(wrong);
    if (first) {
      document.getElementById(`setup-${first}`)?.focus();
      return;
    }
    setState({ busy: true, problem: null });
    const email = form.email.trim();
    const body = { secret, email, password: form.password, ...(reset ? {} : { name: form.name.trim(), home_name: form.home.trim(), zone: form.zone }) };
    let answer;
    try {
      answer = await api('POST', '/links/redeem', { body });
    } catch (problem) {
      const field = fieldOf(problem);
      if (field) setErrors({ [field]: problem.message });
      setState({ busy: false, problem: field ? null : problem });
      return;
    }
    // The account exists now; that signing in may fail must not cost the recovery sheet.
    const goOn = async () => {
      try {
        await signIn(email, form.password);
        navigate(answer.home_id ? `/h/${answer.home_id}/events` : '/', { replace: true });
      } catch {
        navigate('/sign-in', { replace: true });
      }
    };
    if (answer.recovery_sheet) onDone({ sheet: answer.recovery_sheet, goOn });
    else goOn();
  };
  return html`
    <${Front} title=${title} lead=${lead}>
      <form class="stack" onSubmit=${submit} novalidate>
        ${!reset && html`<${Field} id="setup-name" label="Your name" value=${form.name} onInput=${set('name')} error=${errors.name} autocomplete="name" maxlength="64" />`}
        <${Field} id="setup-email" label="E-mail" type="email" value=${form.email} onInput=${set('email')} error=${errors.email} autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false" readonly=${Boolean(link.email)} hint=${reset ? 'Of your account.' : 'You sign in with it.'} />
        <${PasswordField} id="setup-password" label=${reset ? 'New password' : 'Password'} value=${form.password} onInput=${set('password')} error=${errors.password} autocomplete="new-password" hint=${`At least ${LEAST_PASSWORD} characters.`} />
        ${!reset && html`
          <hr class="rule" />
          <${Field} id="setup-home" label="Name of your home" value=${form.home} onInput=${set('home')} error=${errors.home} maxlength="64" autocomplete="off" placeholder="Mill Yard 7" hint="It heads every page, and devices show it when they are paired." />
          <${SelectField} id="setup-zone" label="Time zone" value=${form.zone} onInput=${set('zone')} options=${zones} />`}
        ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
        <button class="btn btn-primary btn-wide front-button" disabled=${state.busy}>${verb}</button>
      </form>
      ${link.kind === 'first' && html`<p class="meta front-note"><${Icon} name="lock-simple" class="icon-16" /> The next page shows this server's recovery sheet, once. Have a printer or paper at hand.</p>`}
    <//>`;
}

/** The field of the form that a problem is about. @param {import('../lib/problem.js').Problem} problem */
function fieldOf({ code, field }) {
  if (code === 'weak-password') return 'password';
  if (code === 'email-taken') return 'email';
  return code === 'invalid' ? { email: 'email', name: 'name', home_name: 'home' }[field] ?? null : null;
}

function check(form, reset) {
  const wrong = {};
  if (!reset && !form.name.trim()) wrong.name = 'Enter your name.';
  if (!/^\S+@\S+$/.test(form.email.trim())) wrong.email = 'Enter your e-mail address.';
  if (form.password.length < LEAST_PASSWORD) wrong.password = `The password has fewer than ${LEAST_PASSWORD} characters.`;
  if (!reset && !form.home.trim()) wrong.home = 'Give your home a name.';
  return wrong;
}

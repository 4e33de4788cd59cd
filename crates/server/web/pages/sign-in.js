import { TryProblem, untilOf } from '../components/feedback/try-problem.js';
import { Field, PasswordField } from '../components/form/field.js';
import { Front } from '../components/shell/front.js';
import { announce } from '../lib/announce.js';
import { useSecondsUntil } from '../lib/clockwork.js';
import { html, useEffect, useState } from '../lib/html.js';
import { navigate, place, safeReturn } from '../lib/router.js';
import { parting, session } from '../lib/session.js';
import { signIn } from '../lib/sign-in.js';
import { useStore } from '../lib/store.js';

/** Sign-in, and back to where the reader wanted to be. */
export function SignInPage() {
  const to = safeReturn(place.get().query.get('to'));
  const [form, setForm] = useState({ email: '', password: '' });
  const [state, setState] = useState({ busy: false, problem: null, until: null });
  const wait = useSecondsUntil(state.until);
  const said = useStore(parting);
  useEffect(() => {
    // Who is signed in already has nothing to do here.
    if (session.get() === 'in') navigate(to, { replace: true });
    else document.getElementById('email')?.focus();
  }, []);
  useEffect(() => {
    if (said) announce(said);
  }, [said]);
  const submit = async (event) => {
    event.preventDefault();
    if (!form.email.trim() || !form.password) return;
    setState({ busy: true, problem: null, until: null });
    try {
      await signIn(form.email, form.password);
      navigate(to, { replace: true });
    } catch (problem) {
      setState({ busy: false, problem, until: untilOf(problem) });
    }
  };
  const back = to !== '/' ? 'You are signed out. Sign in to go on where you were.' : null;
  return html`
    <${Front} title="Sign in" lead=${said || back}>
      <form class="stack" onSubmit=${submit} novalidate>
        <${Field} id="email" label="E-mail" type="email" name="email" autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false" value=${form.email} onInput=${(email) => setForm({ ...form, email })} />
        <${PasswordField} id="password" label="Password" name="password" autocomplete="current-password" value=${form.password} onInput=${(password) => setForm({ ...form, password })} />
        ${state.problem && html`<${TryProblem} problem=${state.problem} wait=${wait} />`}
        <button class="btn btn-primary btn-wide front-button" disabled=${state.busy || wait > 0 || !form.email.trim() || !form.password}>Sign in</button>
      </form>
      <p class="meta front-note">Forgot the password? The operator of this server can send you a link that resets it.</p>
    <//>`;
}

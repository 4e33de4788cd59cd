import { Skeleton } from '../components/feedback/states.js';
import { TryProblem } from '../components/feedback/try-problem.js';
import { Field, PasswordField } from '../components/form/field.js';
import { Icon } from '../components/icon/icon.js';
import { Front } from '../components/shell/front.js';
import { api } from '../lib/api.js';
import { waitWords } from '../lib/codes.js';
import { mePath } from '../lib/home.js';
import { html, useEffect, useState } from '../lib/html.js';
import { aRole, youWould } from '../lib/people.js';
import { put } from '../lib/query.js';
import { navigate, place, takeFragment } from '../lib/router.js';
import { session } from '../lib/session.js';
import { signIn } from '../lib/sign-in.js';
import { useStore } from '../lib/store.js';
import { viewerZone, whenSaid } from '../lib/time.js';
import { LinkUsed, useAccount, useTry } from './invite.js';

const LEAST_PASSWORD = 10;
const POLL_MS = 3000;
/** A phone forgets pages that wait. What is kept for this tab is of no use to anybody but who has asked. */
const KEPT = 'ownsight-join';

/** Joining a home by a QR code: asking, and waiting to be confirmed. The secret is taken out of the address at once. */
export function JoinPage() {
  const here = useStore(place);
  const [secret, setSecret] = useState(() => takeFragment() || sessionStorage.getItem(KEPT) || '');
  useEffect(() => {
    // A code that is opened where this page is open already changes the fragment only.
    const other = takeFragment();
    if (other) setSecret(other);
  }, [here]);
  return secret ? html`<${Code} key=${secret} secret=${secret} />` : html`<${LinkUsed} />`;
}

function Code({ secret }) {
  const account = useAccount();
  const [code, setCode] = useState(null);
  const [asked, setAsked] = useState(null);
  const [used, setUsed] = useState(false);
  // A form that signs in on its way stays on the page until all of it is done.
  const [held, setHeld] = useState(false);
  const over = () => {
    sessionStorage.removeItem(KEPT);
    setUsed(true);
  };
  const attempt = useTry(over);
  const ask = async () => {
    const answer = await api('POST', '/invitation-codes/ask', { body: { secret } });
    sessionStorage.setItem(KEPT, secret);
    setAsked(answer);
  };
  const known = account !== undefined;
  useEffect(() => {
    if (!known || code || asked || held) return;
    attempt.run(async () => {
      try {
        setCode(await api('POST', '/invitation-codes/open', { body: { secret } }));
      } catch (problem) {
        // Who asked before, with this account, is told how it stands; to all others the code is used.
        if (problem.code !== 'link-used' || !account) throw problem;
        await ask();
      }
    });
  }, [known, account?.email]);
  if (used) return html`<${LinkUsed} />`;
  if (asked) return html`<${Waiting} secret=${secret} asked=${asked} onAsked=${setAsked} onUsed=${over} />`;
  if (!code) {
    return html`<${Front} title="Invitation">${attempt.problem
      ? html`<${TryProblem} problem=${attempt.problem} wait=${attempt.wait} />`
      : html`<${Skeleton} loading><div class="stack">${[1, 2].map((n) => html`<span key=${n} class="bone bone-field"></span>`)}</div><//>`}<//>`;
  }
  const Form = account && !held ? Ask : Enter;
  return html`<${Form} secret=${secret} code=${code} account=${account} ask=${ask} onHold=${setHeld} onUsed=${over} />`;
}

/** The frame: which home, from whom, as what. */
function Invited({ code, children }) {
  const { home_name: home, invited_by: by, role } = code;
  return html`
    <${Front} title=${`Join ${home}`} lead=${html`<b class="strong">${by}</b> invites you as ${aRole(role)}: you would ${youWould(role)}.`}>
      ${children}
      <p class="meta front-note">${by} sees your name and address, and confirms. The code works once, until ${whenSaid(code.expires_at, viewerZone(), Date.now() * 1000).replace(/^on /, '')}.</p>
    <//>`;
}

function Ask({ code, account, ask, onUsed }) {
  const attempt = useTry(onUsed);
  const member = attempt.problem?.code === 'already-member';
  const submit = (event) => {
    event.preventDefault();
    attempt.run(ask);
  };
  return html`
    <${Invited} code=${code}>
      ${member
        ? html`<div class="notice notice-quiet" role="alert"><${Icon} name="users-three" /><p><b>You are a member of ${code.home_name} already.</b></p></div><a class="btn" href="/">To your events</a>`
        : html`<form class="stack" onSubmit=${submit}>
            <p class="soft">Signed in as <b class="strong">${account.email}</b></p>
            ${attempt.problem && html`<${TryProblem} problem=${attempt.problem} wait=${attempt.wait} />`}
            <button class="btn btn-primary btn-wide front-button" disabled=${attempt.off}>Ask to join</button>
          </form>`}
    <//>`;
}

/** Who is not signed in: with a new account, or with theirs. */
function Enter({ secret, code, ask, onHold, onUsed }) {
  const [form, setForm] = useState({ has: false, name: '', email: '', password: '' });
  const [errors, setErrors] = useState({});
  const attempt = useTry(onUsed);
  useEffect(() => document.getElementById(form.has ? 'join-email' : 'join-name')?.focus(), [form.has]);
  const set = (name) => (value) => {
    setForm({ ...form, [name]: value });
    setErrors({ ...errors, [name]: undefined });
  };
  const submit = (event) => {
    event.preventDefault();
    const email = form.email.trim();
    const wrong = {};
    if (!form.has && !form.name.trim()) wrong.name = 'Enter your name.';
    if (!/^\S+@\S+$/.test(email)) wrong.email = 'Enter your e-mail address.';
    if (!form.password) wrong.password = 'Enter your password.';
    else if (!form.has && form.password.length < LEAST_PASSWORD) wrong.password = `The password has fewer than ${LEAST_PASSWORD} characters.`;
    setErrors(wrong);
    const [first] = Object.keys(wrong);
    if (first) {
      document.getElementById(`join-${first}`)?.focus();
      return;
    }
    attempt.run(async () => {
      if (!form.has) {
        await api('POST', '/invitation-codes/redeem', { body: { secret, email, password: form.password, name: form.name.trim() } });
        // The account has asked now; only signing in is left.
        sessionStorage.setItem(KEPT, secret);
      }
      onHold(true);
      try {
        await signIn(email, form.password);
        await ask();
      } catch (problem) {
        // Who is signed in by now has another form before them.
        onHold(false);
        if (!form.has && session.get() !== 'in') navigate('/sign-in?to=/join', { replace: true });
        throw problem;
      }
    }, (problem) => {
      const field = { 'email-taken': 'email', 'weak-password': 'password' }[problem.code] ?? (['name', 'email', 'password'].includes(problem.field) ? problem.field : null);
      if (field) setErrors({ [field]: `${problem.message} ${problem.remedy ?? ''}`.trim() });
      return Boolean(field);
    });
  };
  const ways = [[false, 'New account'], [true, 'I have an account']];
  return html`
    <${Invited} code=${code}>
      <form class="stack" onSubmit=${submit} novalidate>
        <div class="segments" role="radiogroup" aria-label="Account">${ways.map(([has, name]) => html`<button key=${name} type="button" role="radio" aria-checked=${form.has === has} onClick=${() => { setErrors({}); setForm({ ...form, has }); }}>${name}</button>`)}</div>
        ${!form.has && html`<${Field} id="join-name" label="Your name" value=${form.name} onInput=${set('name')} error=${errors.name} autocomplete="name" maxlength="64" hint="The other members see it." />`}
        <${Field} id="join-email" label="E-mail" type="email" value=${form.email} onInput=${set('email')} error=${errors.email} autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false" hint="You sign in with it." />
        <${PasswordField} id="join-password" label="Password" value=${form.password} onInput=${set('password')} error=${errors.password} autocomplete=${form.has ? 'current-password' : 'new-password'} hint=${form.has ? undefined : `At least ${LEAST_PASSWORD} characters.`} />
        ${attempt.problem && html`<${TryProblem} problem=${attempt.problem} wait=${attempt.wait} />`}
        <button class="btn btn-primary btn-wide front-button" disabled=${attempt.off}>${form.has ? 'Sign in and ask to join' : 'Create account and ask to join'}</button>
      </form>
    <//>`;
}

/** Until somebody confirms. Asked again and again: of a home that one is not in, nothing is told. */
function Waiting({ secret, asked, onAsked, onUsed }) {
  const { title, text } = waitWords(asked);
  const joined = asked.state === 'joined';
  useEffect(() => {
    if (joined) {
      sessionStorage.removeItem(KEPT);
      // The pages go by the homes that the account is in, so they are asked for before.
      api('GET', mePath).then((me) => put(mePath, me), () => {}).then(() => navigate(`/h/${asked.home_id}/events`, { replace: true }));
      return undefined;
    }
    const timer = setInterval(() => {
      api('POST', '/invitation-codes/ask', { body: { secret } }).then(onAsked, (problem) => {
        // Refused, too late, or the home has ended it. What is only busy is asked again.
        if (problem.code === 'link-used') onUsed();
      });
    }, POLL_MS);
    return () => clearInterval(timer);
  }, [joined]);
  return html`
    <${Front} title=${joined ? `You are in ${asked.home_name}` : title} lead=${joined ? 'One moment.' : text}>
      ${!joined && html`
        <div class="pair-wait" role="status"><${Icon} name="circle-dashed" class="icon-turns" /><div><b>You asked to join ${asked.home_name}</b><span class="soft">as ${aRole(asked.role)}, until ${whenSaid(asked.expires_at, viewerZone(), Date.now() * 1000).replace(/^on /, '')}</span></div></div>
        <a class="btn btn-quiet btn-wide" href="/">To Ownsight</a>`}
    <//>`;
}

import { Skeleton } from '../components/feedback/states.js';
import { TryProblem, untilOf } from '../components/feedback/try-problem.js';
import { Field, PasswordField } from '../components/form/field.js';
import { Icon } from '../components/icon/icon.js';
import { Front } from '../components/shell/front.js';
import { api } from '../lib/api.js';
import { useSecondsUntil } from '../lib/clockwork.js';
import { mePath, sharesPath } from '../lib/home.js';
import { html, useEffect, useState } from '../lib/html.js';
import { aRole, youWould } from '../lib/people.js';
import { put, refresh, useQuery } from '../lib/query.js';
import { navigate, place, takeFragment } from '../lib/router.js';
import { endSession, session } from '../lib/session.js';
import { offerWords } from '../lib/shares.js';
import { signIn } from '../lib/sign-in.js';
import { useStore } from '../lib/store.js';
import { viewerZone, whenSaid } from '../lib/time.js';

const LEAST_PASSWORD = 10;

/** Joining a home by an invitation. The secret is taken out of the address at once, and lives only in this page. */
export function InvitePage() {
  const here = useStore(place);
  const [secret, setSecret] = useState(takeFragment);
  useEffect(() => {
    // A link that is opened where this page is open already changes the fragment only.
    const other = takeFragment();
    if (other) setSecret(other);
  }, [here]);
  return secret ? html`<${Invitation} key=${secret} secret=${secret} />` : html`<${LinkUsed} />`;
}

/** What a link leads to that is of no use any more. */
export function LinkUsed() {
  return html`<${Front} title="This link does not work" lead="This link was used or has expired. Ask who invited you for a new one."><a class="btn" href="/">To Ownsight</a><//>`;
}

/** Who is signed in here, if anybody: undefined while that is asked. */
export function useAccount() {
  const state = useStore(session);
  const { data, problem } = useQuery(state === 'in' ? mePath : null);
  const unknown = problem?.notFound;
  useEffect(() => {
    // A session that the server does not know.
    if (unknown) endSession();
  }, [unknown]);
  if (state === 'out' || (problem && !data)) return null;
  return data?.account;
}

function Invitation({ secret }) {
  const account = useAccount();
  const [opened, setOpened] = useState(null);
  const [used, setUsed] = useState(false);
  // A form that signs in on its way stays on the page until all of it is done, and what failed after that is said by the next.
  const [held, setHeld] = useState(null);
  const [failed, setFailed] = useState(null);
  if (used) return html`<${LinkUsed} />`;
  if (account === undefined && !held) return html`<${Front} title="Invitation"><${Skeleton} loading><div class="stack">${[1, 2].map((n) => html`<span key=${n} class="bone bone-field"></span>`)}</div><//><//>`;
  if (!opened) return html`<${Address} secret=${secret} known=${account?.email ?? ''} onOpened=${setOpened} onUsed=${() => setUsed(true)} />`;
  const Form = held ?? formFor(account, opened);
  return html`<${Form} secret=${secret} invitation=${opened} account=${account} failed=${failed} onHold=${(on) => setHeld(() => (on ? Form : null))} onFailed=${setFailed}
    onUsed=${() => setUsed(true)} onTaken=${() => setOpened({ ...opened, has_account: true, taken: true })} />`;
}

function formFor(account, { email, has_account: hasAccount }) {
  if (account) return sameAddress(account.email, email) ? Join : OtherAccount;
  return hasAccount ? SignInAndJoin : CreateAndJoin;
}

/** @param {string} a @param {string} b */
function sameAddress(a, b) {
  return a.trim().toLowerCase() === b.trim().toLowerCase();
}

/** One try at a time, its problem, and how long the server wants no other. @param {() => void} onUsed @param {any} [failed] the problem to begin with */
export function useTry(onUsed, failed = null) {
  const [state, setState] = useState({ busy: false, problem: failed });
  const wait = useSecondsUntil(state.problem ? untilOf(state.problem) : null);
  /** @param {() => Promise<void>} act @param {(problem: any) => boolean} [own] whether a problem is shown elsewhere */
  const run = async (act, own = () => false) => {
    setState({ busy: true, problem: null });
    try {
      await act();
    } catch (problem) {
      if (problem.code === 'link-used') onUsed();
      else setState({ busy: false, problem: own(problem) ? null : problem });
    }
  };
  return { run, wait, problem: state.problem, off: state.busy || wait > 0 };
}

/** The address that the invitation was made for: no page shows it, who has only the link does not know it. */
function Address({ secret, known, onOpened, onUsed }) {
  const [email, setEmail] = useState(known);
  const [error, setError] = useState(null);
  const attempt = useTry(onUsed);
  const submit = (event) => {
    event.preventDefault();
    if (!/^\S+@\S+$/.test(email.trim())) {
      setError('Enter your e-mail address.');
      document.getElementById('invite-email')?.focus();
      return;
    }
    setError(null);
    attempt.run(async () => onOpened(await api('POST', '/invitations/open', { body: { secret, email: email.trim() } })), (problem) => {
      const ofEmail = problem.field === 'email';
      if (ofEmail) setError(`${problem.message} ${problem.remedy}`.trim());
      return ofEmail;
    });
  };
  return html`
    <${Front} title="You are invited" lead="To a home on this server, or to see a camera of one. Enter the e-mail address that you were invited by.">
      <form class="stack" onSubmit=${submit} novalidate>
        <${Field} id="invite-email" label="E-mail" type="email" value=${email} onInput=${setEmail} error=${error} autocomplete="username" inputmode="email" autocapitalize="none" spellcheck="false" hint="The invitation opens for this one address only." />
        ${attempt.problem && html`<${TryProblem} problem=${attempt.problem} wait=${attempt.wait} />`}
        <button class="btn btn-primary btn-wide front-button" disabled=${attempt.off}>Open the invitation</button>
      </form>
    <//>`;
}

/** The frame of what comes after: which home, from whom, as what; or which cameras are shared. */
function Invited({ invitation, children }) {
  const { home_name: home, invited_by: by, role, share } = invitation;
  const offer = share && offerWords(invitation, viewerZone(), Date.now() * 1000);
  const lead = offer
    ? html`<b class="strong">${by}</b> ${offer.what} ${offer.can}`
    : html`<b class="strong">${by}</b> invites you as ${aRole(role)}: you would ${youWould(role)}.`;
  return html`
    <${Front} title=${offer ? offer.title : `Join ${home}`} lead=${lead}>
      ${children}
      <p class="meta front-note">The invitation works once, until ${whenSaid(invitation.expires_at, viewerZone(), Date.now() * 1000).replace(/^on /, '')}.</p>
    <//>`;
}

async function accept(secret, email) {
  await enter(await api('POST', '/invitations/accept', { body: { secret, email } }));
}

/** The pages go by the homes that the account is in, so they are asked for before. @param {{home_id: string, share_id: string | null}} joined a share leads to no home */
async function enter({ home_id: home, share_id: share }) {
  put(mePath, await api('GET', mePath));
  refresh((path) => path === sharesPath);
  navigate(share ? '/shared' : `/h/${home}/events`, { replace: true });
}

function Join({ secret, invitation, failed, onUsed }) {
  const attempt = useTry(onUsed, failed);
  const member = attempt.problem?.code === 'already-member';
  const join = (event) => {
    event.preventDefault();
    attempt.run(() => accept(secret, invitation.email));
  };
  return html`
    <${Invited} invitation=${invitation}>
      ${member
        ? html`<div class="notice notice-quiet" role="alert"><${Icon} name="users-three" /><p><b>You are a member of ${invitation.home_name} already.</b>${invitation.share && ' You see its cameras without a share.'}</p></div><a class="btn" href="/">To your events</a>`
        : html`<form class="stack" onSubmit=${join}>
            <p class="soft">Signed in as <b class="strong">${invitation.email}</b></p>
            ${attempt.problem && html`<${TryProblem} problem=${attempt.problem} wait=${attempt.wait} />`}
            <button class="btn btn-primary btn-wide front-button" disabled=${attempt.off}>${invitation.share ? 'Accept' : `Join ${invitation.home_name}`}</button>
          </form>`}
    <//>`;
}

function OtherAccount({ invitation, account, onUsed }) {
  const attempt = useTry(onUsed);
  const out = () => attempt.run(async () => {
    await api('DELETE', '/sessions/current');
    endSession();
  });
  return html`
    <${Invited} invitation=${invitation}>
      <div class="notice notice-warn"><${Icon} name="user-circle" /><p><b>You are signed in as ${account.email}.</b> This invitation is for ${invitation.email}. Sign out to go on with it; the link stays open on this page.</p></div>
      ${attempt.problem && html`<${TryProblem} problem=${attempt.problem} wait=${attempt.wait} />`}
      <button type="button" class="btn btn-wide front-button" disabled=${attempt.off} onClick=${out}><${Icon} name="sign-out" />Sign out</button>
      <a class="btn btn-quiet btn-wide" href="/">Stay signed in</a>
    <//>`;
}

function SignInAndJoin({ secret, invitation, onHold, onFailed, onUsed }) {
  const [password, setPassword] = useState('');
  const attempt = useTry(onUsed);
  useEffect(() => document.getElementById('invite-password')?.focus(), []);
  const submit = (event) => {
    event.preventDefault();
    if (!password) return;
    attempt.run(async () => {
      onHold(true);
      try {
        await signIn(invitation.email, password);
        await accept(secret, invitation.email);
      } catch (problem) {
        // Who is signed in by now has another form before them.
        if (session.get() === 'in') onFailed(problem);
        onHold(false);
        throw problem;
      }
    });
  };
  return html`
    <${Invited} invitation=${invitation}>
      <form class="stack" onSubmit=${submit} novalidate>
        <p class="soft">${invitation.taken ? 'There is an account with this address by now.' : 'You have an account on this server.'} Sign in with its password.</p>
        <${Field} id="invite-account" label="E-mail" type="email" value=${invitation.email} onInput=${() => {}} autocomplete="username" readonly />
        <${PasswordField} id="invite-password" label="Password" value=${password} onInput=${setPassword} />
        ${attempt.problem && html`<${TryProblem} problem=${attempt.problem} wait=${attempt.wait} />`}
        <button class="btn btn-primary btn-wide front-button" disabled=${attempt.off || !password}>Sign in and ${invitation.share ? 'accept' : 'join'}</button>
      </form>
    <//>`;
}

function CreateAndJoin({ secret, invitation, onHold, onUsed, onTaken }) {
  const [form, setForm] = useState({ name: '', password: '' });
  const [errors, setErrors] = useState({});
  const attempt = useTry(onUsed);
  useEffect(() => document.getElementById('invite-name')?.focus(), []);
  const set = (name) => (value) => {
    setForm({ ...form, [name]: value });
    setErrors({ ...errors, [name]: undefined });
  };
  const submit = (event) => {
    event.preventDefault();
    const wrong = {};
    if (!form.name.trim()) wrong.name = 'Enter your name.';
    if (form.password.length < LEAST_PASSWORD) wrong.password = `The password has fewer than ${LEAST_PASSWORD} characters.`;
    setErrors(wrong);
    const [first] = Object.keys(wrong);
    if (first) {
      document.getElementById(`invite-${first}`)?.focus();
      return;
    }
    const { email } = invitation;
    attempt.run(async () => {
      const joined = await api('POST', '/invitations/redeem', { body: { secret, email, password: form.password, name: form.name.trim() } });
      onHold(true);
      try {
        await signIn(email, form.password);
        await enter(joined);
      } catch {
        // The account has it now; only signing in is left.
        navigate('/sign-in', { replace: true });
      }
    }, (problem) => {
      if (problem.code === 'email-taken') onTaken();
      const field = problem.code === 'weak-password' ? 'password' : ['name', 'password'].includes(problem.field) ? problem.field : null;
      if (field) setErrors({ [field]: problem.message });
      return Boolean(field) || problem.code === 'email-taken';
    });
  };
  return html`
    <${Invited} invitation=${invitation}>
      <form class="stack" onSubmit=${submit} novalidate>
        <${Field} id="invite-name" label="Your name" value=${form.name} onInput=${set('name')} error=${errors.name} autocomplete="name" maxlength="64" hint=${invitation.share ? 'Who shares with you sees it.' : 'The other members see it.'} />
        <${Field} id="invite-account" label="E-mail" type="email" value=${invitation.email} onInput=${() => {}} autocomplete="username" readonly hint="You sign in with it." />
        <${PasswordField} id="invite-password" label="Password" value=${form.password} onInput=${set('password')} error=${errors.password} autocomplete="new-password" hint=${`At least ${LEAST_PASSWORD} characters.`} />
        ${attempt.problem && html`<${TryProblem} problem=${attempt.problem} wait=${attempt.wait} />`}
        <button class="btn btn-primary btn-wide front-button" disabled=${attempt.off}>Create account and ${invitation.share ? 'accept' : 'join'}</button>
      </form>
    <//>`;
}

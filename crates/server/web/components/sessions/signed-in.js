import { api } from '../../lib/api.js';
import { useNow } from '../../lib/clockwork.js';
import { ofAccount, sessionsPath, useSessions } from '../../lib/home.js';
import { html, useEffect, useRef, useState } from '../../lib/html.js';
import { peek, put, refresh } from '../../lib/query.js';
import { leftAt, navigate, place } from '../../lib/router.js';
import { endSession } from '../../lib/session.js';
import { cameSince, isNew, mineWords, sessionWords } from '../../lib/sessions.js';
import { useStore } from '../../lib/store.js';
import { viewerZone } from '../../lib/time.js';
import { count } from '../../lib/words.js';
import { Busy, ProblemLine, Skeleton, Unverified } from '../feedback/states.js';
import { toast } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';
import { Confirm } from '../overlay/dialog.js';

/** Where the banner of a new sign-in leads. */
const ID = 'signed-in';

/** Who is signed in to the account: the list, the way to end one or all, and what is new. */
export function SignedIn() {
  const { data, problem: unread, retryAt, reload } = useSessions();
  const [asking, setAsking] = useState(false);
  const [came, setCame] = useState(false);
  const { problem, busy, act } = useAct();
  const heading = useRef(null);
  const now = useNow();
  const list = data?.sessions;
  useFragment(heading, Boolean(list || unread));
  const fresh = list?.filter(isNew).length ?? 0;
  const leave = (path) => async () => {
    await api('DELETE', path);
    endSession();
    navigate('/sign-in', { replace: true });
  };
  const here = act(leave('/sessions/current'));
  const end = (id) => act(async () => {
    const gone = await api('DELETE', `${sessionsPath}/${encodeURIComponent(id)}`).then(() => false, (failure) => {
      if (failure.notFound) return true;
      throw failure;
    });
    const left = peek(sessionsPath);
    if (left) put(sessionsPath, { ...left, sessions: left.sessions.filter((session) => session.id !== id) });
    // Its button went with it.
    heading.current?.focus({ preventScroll: true });
    toast(gone ? 'It had ended already.' : 'Ended.');
  });
  const mine = act(async () => {
    setCame(false);
    // The server takes all that there are; what is not on the page was not looked at.
    const latest = await api('GET', sessionsPath);
    if (cameSince(list, latest.sessions)) {
      put(sessionsPath, latest);
      setCame(true);
      return;
    }
    await api('POST', `${sessionsPath}/noticed`);
    put(sessionsPath, { ...latest, sessions: latest.sessions.map((session) => ({ ...session, noticed: true })) });
    heading.current?.focus({ preventScroll: true });
  });
  return html`
    <section id=${ID} class="settings-part sessions-part">
      <div><h2 ref=${heading} class="sessions-title" tabindex="-1">Signed in</h2><p class="settings-intro">Programs are named as they name themselves.</p></div>
      <div class="settings-body">
        ${data?.unverified > 0 && html`<${Unverified} what=${count(data.unverified, 'session')} />`}
        ${list?.length > 0 && html`<ul class="card sessions">${list.map((session) => html`<${SessionRow} key=${session.id} session=${session} now=${now * 1000} busy=${busy} onEnd=${session.this ? here : end(session.id)} />`)}</ul>`}
        <${Skeleton} loading=${!list && !unread}><ul class="card sessions">${[1, 2].map((n) => html`<li key=${n}><div class="session-bones"><span class="bone bone-title"></span><span class="bone bone-text"></span></div></li>`)}</ul><//>
        ${retryAt ? html`<${Busy} retryAt=${retryAt} />` : unread && html`<${ProblemLine} problem=${unread} />`}
        ${fresh > 0 && html`<div class="sessions-mine"><p class="soft">${mineWords(fresh).else}</p><button type="button" class="btn" disabled=${busy} onClick=${mine}><${Icon} name="check" />${mineWords(fresh).verb}</button></div>`}
        ${came && html`<div class="notice notice-warn" role="alert"><${Icon} name="warning-circle" /><p><b>Another sign-in came meanwhile.</b> It is in the list now. Look at it first.</p></div>`}
        ${problem && html`<${ProblemLine} problem=${problem} />`}
        <div class="form-buttons">
          ${unread && !retryAt && html`<button type="button" class="btn" onClick=${reload}><${Icon} name="arrow-clockwise" />Try again</button>`}
          ${(list || unread) && !list?.some((session) => session.this) && html`<button type="button" class="btn" disabled=${busy} onClick=${here}><${Icon} name="sign-out" />Sign out</button>`}
          <button type="button" class="btn btn-danger" onClick=${() => setAsking(true)}>Sign out everywhere</button>
        </div>
        ${asking && html`<${Confirm} title="Sign out everywhere?" verb="Sign out everywhere" onConfirm=${leave(sessionsPath)} onClose=${() => setAsking(false)}><p>Every browser and program that is signed in as you is signed out at once, this one too, and all tokens end. Your devices and cameras go on.</p><//>`}
      </div>
    </section>`;
}

function SessionRow({ session, now, busy, onEnd }) {
  const words = sessionWords(session, viewerZone(), now);
  return html`
    <li>
      <${Icon} name=${session.kind === 'bearer' ? 'key' : 'monitor'} class="session-icon" />
      <div class="session-text"><p><b>${words.name}</b>${isNew(session) && html` <span class="pill pill-warn"><${Icon} name="warning-circle" />new</span>`}</p><small>${words.span}</small></div>
      ${session.this
        ? html`<button type="button" class="btn" disabled=${busy} onClick=${onEnd}><${Icon} name="sign-out" />Sign out</button>`
        : html`<button type="button" class="btn" aria-label=${words.end} disabled=${busy} onClick=${onEnd}>End</button>`}
    </li>`;
}

/** One request at a time, and what kept it from being done. Who is signed in is asked again after. */
function useAct() {
  const [state, setState] = useState({ busy: false, problem: null });
  const act = (what) => async () => {
    setState({ busy: true, problem: null });
    try {
      await what();
      setState({ busy: false, problem: null });
    } catch (problem) {
      setState({ busy: false, problem });
    }
    refresh(ofAccount);
  };
  return { ...state, act };
}

/** Who comes by the fragment is taken to the part once it has its height; who comes back, to where they were. */
function useFragment(heading, ready) {
  const { hash, key } = useStore(place);
  useEffect(() => {
    if (!ready || hash !== `#${ID}` || leftAt(key)) return;
    heading.current.focus({ preventScroll: true });
    heading.current.scrollIntoView({ block: 'start' });
  }, [key, ready]);
}

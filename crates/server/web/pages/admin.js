import { ProblemLine, Skeleton } from '../components/feedback/states.js';
import { toast } from '../components/feedback/toast.js';
import { Field, SelectField } from '../components/form/field.js';
import { Icon } from '../components/icon/icon.js';
import { Confirm } from '../components/overlay/dialog.js';
import { Front } from '../components/shell/front.js';
import { useNow } from '../lib/clockwork.js';
import { html, useEffect, useState } from '../lib/html.js';
import { place, takeFragment } from '../lib/router.js';
import { useStore } from '../lib/store.js';
import { viewerZone, when } from '../lib/time.js';
import { begin, closedWords, forget, isHere, lockdownBody, scopeWords, visit } from '../lib/visit.js';
import { count } from '../lib/words.js';

const SCOPES = [
  { value: 'installation', label: 'Everybody on this server' },
  { value: 'home', label: 'One home' },
  { value: 'camera', label: 'One camera' },
  { value: 'account', label: 'One account' },
];

const WHO = {
  home: { label: 'The home’s id', hint: 'It stands in the address of the home’s pages, behind /h/.' },
  camera: { label: 'The camera’s id', hint: 'It stands in the address of the camera’s page.' },
  account: { label: 'E-mail address', hint: 'The one that they sign in with.' },
};

const PARTS = [
  { value: 'all', name: 'Everything', about: 'Pictures, event videos, live pictures and new sign-ins' },
  { value: 'thumbnails', name: 'Pictures', about: 'Thumbnails and last pictures of cameras' },
  { value: 'videos', name: 'Event videos', about: 'Watching and downloading' },
  { value: 'live', name: 'Live pictures', about: 'Where there are any' },
  { value: 'sign-in', name: 'New sign-ins', about: 'Who is signed in stays so' },
];

const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

const EMPTY = { scope: 'installation', who: '', closes: [], reason: '' };

/** The operator's page: what is closed on this server, closing and opening again. It shows no footage and no home. */
export function AdminPage() {
  const here = useStore(place);
  const [secret, setSecret] = useState(takeFragment);
  const [inside, setInside] = useState(isHere);
  useEffect(() => {
    const other = takeFragment();
    if (other) setSecret(other);
  }, [here]);
  if (secret) return html`<${Enter} key=${secret} secret=${secret} onDone=${() => { setSecret(null); setInside(true); }} onGone=${() => { setSecret(null); }} />`;
  if (!inside) return html`<${Outside} />`;
  return html`<${Inside} onEnded=${() => { forget(); setInside(false); }} />`;
}

function Outside() {
  return html`
    <${Front} title="For the operator" lead="Who runs this server closes views here when something looks wrong, and opens them again. Footage is not shown here.">
      <div class="stack">
        <p>On the server’s machine, run</p>
        <p><code class="admin-command">ownsight operator</code></p>
        <p class="soft">and open the link that it prints. It works once, within 15 minutes, and the page for an hour.</p>
      </div>
    <//>`;
}

/** By a press, and not by opening the link: what looks at links beforehand must not use it up. */
function Enter({ secret, onDone, onGone }) {
  const [state, setState] = useState({ busy: false, problem: null });
  const enter = async () => {
    setState({ busy: true, problem: null });
    try {
      await begin(secret);
      onDone();
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  if (state.problem?.notFound) return html`<${Front} title="This link does not work" lead="It was used or has expired. Run “ownsight operator” again."><button type="button" class="btn" onClick=${onGone}>To the operator’s page</button><//>`;
  return html`
    <${Front} title="For the operator" lead="Here views are closed when something looks wrong, and opened again. It is for an hour, and what you do is on record.">
      <div class="stack">
        ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
        <button type="button" class="btn btn-primary btn-wide front-button" disabled=${state.busy} onClick=${enter}>Go on</button>
      </div>
    <//>`;
}

function Inside({ onEnded }) {
  const [seen, setSeen] = useState({ visit: null, closed: [], lines: [], problem: null });
  const now = useNow() * 1000;
  const look = async () => {
    try {
      const [about, closed, record] = await Promise.all([visit('GET', '/visit'), visit('GET', '/lockdowns'), visit('GET', '/record')]);
      setSeen({ visit: about, closed: closed.lockdowns, lines: record.lines, problem: null });
    } catch (problem) {
      if (!isHere()) return onEnded();
      setSeen((before) => ({ ...before, problem }));
    }
    return undefined;
  };
  useEffect(() => {
    look();
    const timer = setInterval(look, 15_000);
    return () => clearInterval(timer);
  }, []);
  const leave = async () => {
    await visit('DELETE', '/visit').catch(() => {});
    onEnded();
  };
  useEffect(() => { document.title = 'Operator · Ownsight'; }, []);
  const left = seen.visit ? Math.max(0, Math.ceil((seen.visit.expires_at - now) / 60_000_000)) : null;
  return html`
    <main class="admin" id="main">
      <header class="admin-head">
        <div class="front-brand"><${Icon} name="mark" class="icon-24" /><b>Ownsight</b></div>
        <p class="soft">${seen.visit && html`${seen.visit.by}, for ${count(left, 'minute')} more`}</p>
        <button type="button" class="btn" onClick=${leave}>Leave</button>
      </header>
      <h1 tabindex="-1">Operator</h1>
      ${seen.problem && html`<${ProblemLine} problem=${seen.problem} />`}
      <${Skeleton} loading=${!seen.visit && !seen.problem}><span class="bone bone-block"></span><//>
      ${seen.visit && html`
        <${Closed} rows=${seen.closed} now=${now} onChanged=${look} />
        <${Close} onChanged=${look} />
        <${Record} lines=${seen.lines} now=${now} />`}
    </main>`;
}

function Closed({ rows, now, onChanged }) {
  const [lifting, setLifting] = useState(null);
  const lift = async () => {
    await visit('POST', '/lockdowns/lift', { of: lifting.of });
    toast('Open again.');
    await onChanged();
  };
  return html`
    <section class="settings-part settings-first">
      <h2>Closed now</h2>
      <div class="settings-body">
        ${rows.length === 0 && html`<p class="soft"><${Icon} name="check-circle-fill" class="admin-ok" /> Nothing. People see what is theirs.</p>`}
        ${rows.map((row) => html`
          <div class="card admin-row" key=${JSON.stringify(row.of)}>
            <div><b>For ${scopeWords(row.of)}</b><p>${capital(closedWords(row.closes))}, since ${when(row.since, viewerZone(), now)}, by ${row.by}</p><p class="soft">${row.reason}</p></div>
            <button type="button" class="btn" onClick=${() => setLifting(row)}>Open again</button>
          </div>`)}
        ${lifting && html`
          <${Confirm} title="Open it again?" verb="Open again" danger=${false} onConfirm=${lift} onClose=${() => setLifting(null)}>
            <p>${capital(closedWords(lifting.closes))} for ${scopeWords(lifting.of)} can be seen again at once by those whose they are.</p>
          <//>`}
      </div>
    </section>`;
}

function Close({ onChanged }) {
  const [form, setForm] = useState(EMPTY);
  const [errors, setErrors] = useState({});
  const [asking, setAsking] = useState(null);
  const set = (name) => (value) => {
    setErrors({});
    setForm({ ...form, [name]: value, ...(name === 'scope' ? { who: '' } : {}) });
  };
  const toggle = (value) => {
    const rest = form.closes.filter((one) => one !== value && one !== 'all');
    set('closes')(value === 'all' ? (form.closes.includes('all') ? [] : ['all']) : form.closes.includes(value) ? rest : [...rest, value]);
  };
  const submit = (event) => {
    event.preventDefault();
    const { body, errors: wrong } = lockdownBody(form);
    setErrors(wrong);
    setAsking(body ?? null);
  };
  const close = async () => {
    await visit('POST', '/lockdowns', asking);
    toast('Closed.');
    setForm(EMPTY);
    await onChanged();
  };
  const trouble = (problem) => (problem.notFound ? html`<p class="error" role="alert"><${Icon} name="warning-circle" /><span>There is no such ${form.scope}.</span></p>` : html`<${ProblemLine} problem=${problem} />`);
  const who = WHO[form.scope];
  return html`
    <form class="settings-part" onSubmit=${submit} novalidate>
      <h2>Close something</h2>
      <div class="settings-body">
        <${SelectField} id="lock-scope" label="For" value=${form.scope} onInput=${set('scope')} options=${SCOPES} />
        ${who && html`<${Field} id="lock-who" label=${who.label} hint=${who.hint} value=${form.who} error=${errors.who} onInput=${set('who')} autocomplete="off" autocapitalize="none" spellcheck="false" />`}
        <fieldset><legend class="label">What</legend>
          <div class="ticks">${PARTS.map(({ value, name, about }) => html`<label class="tick" key=${value}><input type="checkbox" checked=${form.closes.includes(value)} onChange=${() => toggle(value)} /><span>${name}<small>${about}</small></span></label>`)}</div>
          ${errors.closes && html`<p class="error" role="alert"><${Icon} name="warning-circle" /><span>${errors.closes}</span></p>`}
        </fieldset>
        <${Field} id="lock-reason" label="Reason" hint="Those whom it concerns read it, with your name." value=${form.reason} error=${errors.reason} onInput=${set('reason')} maxlength="500" autocomplete="off" />
        <div><button class="btn btn-danger"><${Icon} name="lock-simple" />Close</button></div>
        ${asking && html`
          <${Confirm} title="Close it now?" verb="Close" trouble=${trouble} onConfirm=${close} onClose=${() => setAsking(null)}>
            <p>${capital(closedWords(asking.closes))} for ${form.scope === 'installation' ? 'everybody' : `${form.scope} ${form.who.trim()}`}. Nothing of it is shown from then on, and what is playing stops within a second. Cameras go on recording.</p>
          <//>`}
      </div>
    </form>`;
}

function Record({ lines, now }) {
  return html`
    <section class="settings-part">
      <h2>On record</h2>
      <div class="settings-body">
        ${lines.length === 0 && html`<p class="soft">Nothing was ever closed.</p>`}
        <ol class="admin-record">${lines.map((line) => html`
          <li key=${line.sequence}><span class="soft num">${when(line.at, viewerZone(), now)}</span><span>${capital(line.by)} ${line.closes ? `closed ${closedWords(line.closes)}` : 'opened again what was closed'} for ${scopeWords(line.of)}${line.reason ? html`<small>${line.reason}</small>` : ''}</span></li>`)}
        </ol>
      </div>
    </section>`;
}

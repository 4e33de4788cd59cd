import { Storage } from '../components/devices/storage.js';
import { ExportHome } from '../components/export/export.js';
import { LockedNotice } from '../components/feedback/lockdown.js';
import { ProblemLine, ProblemPage, Skeleton } from '../components/feedback/states.js';
import { toast } from '../components/feedback/toast.js';
import { Field, SelectField } from '../components/form/field.js';
import { zoneOptions } from '../components/form/zones.js';
import { Icon } from '../components/icon/icon.js';
import { Confirm } from '../components/overlay/dialog.js';
import { Page } from '../components/shell/page.js';
import { api } from '../lib/api.js';
import { deleteHomeWords, isNameOf } from '../lib/ending.js';
import { homePath, mayManage, mePath, startAnew, useCameras, useHome, usePeople } from '../lib/home.js';
import { html, useMemo, useState } from '../lib/html.js';
import { put, refresh } from '../lib/query.js';
import { count } from '../lib/words.js';

const GB = 1e9;

/** The home's settings: how long events are kept, disk use, name, zone, the way to its members, a copy to keep, and its end. @param {{home: any}} props */
export function HomePage({ home }) {
  const { data, problem, retryAt, reload } = useHome(home.id);
  return html`
    <${Page} title="Home" home=${home} ready=${Boolean(data)}>
      ${!data && problem && html`<${ProblemPage} problem=${problem} retryAt=${retryAt} onRetry=${reload} />`}
      <${Skeleton} loading=${!data && !problem}><div class="narrow"><span class="bone bone-title"></span><span class="bone bone-text"></span><span class="bone bone-block"></span></div><//>
      ${data && html`<div class="settings">
        <${Storage} home=${data} detailed />
        ${mayManage(data.role) ? html`<${Retention} home=${data} /><${NameAndZone} home=${data} />` : null}
        <${People} home=${data} />
        <${ExportHome} home=${data} />
        ${data.role === 'owner' && html`<${DeleteHome} home=${data} />`}
      </div>`}
    <//>`;
}

function useSave(home) {
  const [state, setState] = useState({ busy: false, problem: null });
  const save = async (body, said) => {
    setState({ busy: true, problem: null });
    try {
      put(homePath(home.id), await api('PATCH', homePath(home.id), { body }));
      refresh((path) => path === mePath);
      setState({ busy: false, problem: null });
      toast(said);
    } catch (problem) {
      setState({ busy: false, problem });
    }
  };
  return { ...state, save };
}

function Retention({ home }) {
  const [days, setDays] = useState(String(home.retention_days ?? ''));
  const [size, setSize] = useState(String(home.retention_bytes ? Math.round(home.retention_bytes / GB) : ''));
  const [error, setError] = useState({});
  const { busy, problem, save } = useSave(home);
  const numbers = { days: Number(days), size: Number(size) };
  const same = numbers.days === home.retention_days && numbers.size === Math.round((home.retention_bytes ?? 0) / GB);
  const change = (name, set) => (value) => {
    set(value);
    setError({ ...error, [name]: undefined });
  };
  const submit = (event) => {
    event.preventDefault();
    const wrong = {};
    if (!Number.isInteger(numbers.days) || numbers.days < 1 || numbers.days > 3650) wrong.days = 'A whole number of days, from 1 to 3650.';
    if (!Number.isInteger(numbers.size) || numbers.size < 1) wrong.size = 'A whole number of gigabytes, at least 1.';
    setError(wrong);
    if (Object.keys(wrong).length) return;
    save({ retention_days: numbers.days, retention_bytes: numbers.size * GB }, 'Saved.');
  };
  const less = numbers.days < home.retention_days || numbers.size * GB < home.used_bytes;
  return html`
    <form class="settings-part" onSubmit=${submit} novalidate>
      <h2>How long events are kept</h2>
      <div class="settings-body">
        <div class="form-row settings-numbers">
          <${NumberField} id="days" label="Days" unit="days" value=${days} onInput=${change('days', setDays)} error=${error.days} />
          <${NumberField} id="size" label="Space at most" unit="GB" value=${size} onInput=${change('size', setSize)} error=${error.size} />
        </div>
        <p class="hint soft">Whichever is reached first; the oldest events go first.</p>
        ${less && !same && html`<div class="notice notice-warn"><p>Events beyond this are erased for every member soon after saving, and cannot be brought back.</p></div>`}
        ${problem && html`<${ProblemLine} problem=${problem} />`}
        <div><button class="btn" disabled=${busy || same}>Save</button></div>
      </div>
    </form>`;
}

function NumberField({ id, label, unit, value, onInput, error }) {
  return html`
    <div class="field"><label for=${id}>${label}</label>
      <div class="input-unit"><input id=${id} class="input num" inputmode="numeric" pattern="[0-9]*" autocomplete="off" value=${value} aria-invalid=${error ? 'true' : undefined} aria-describedby=${error ? `${id}-error` : undefined} onInput=${(event) => onInput(event.currentTarget.value.trim())} /><span class="soft">${unit}</span></div>
      ${error && html`<p class="error" id=${`${id}-error`}>${error}</p>`}</div>`;
}

function NameAndZone({ home }) {
  const [name, setName] = useState(home.name);
  const [zone, setZone] = useState(home.zone);
  const [error, setError] = useState(null);
  const zones = useMemo(() => zoneOptions(home.zone), [home.zone]);
  const { busy, problem, save } = useSave(home);
  const same = name.trim() === home.name && zone === home.zone;
  const submit = (event) => {
    event.preventDefault();
    if (!name.trim()) return setError('Give the home a name.');
    setError(null);
    return save({ ...(name.trim() !== home.name ? { name: name.trim() } : {}), ...(zone !== home.zone ? { zone } : {}) }, 'Saved.');
  };
  return html`
    <form class="settings-part" onSubmit=${submit} novalidate>
      <h2>Name and time</h2>
      <div class="settings-body">
        <${Field} id="home-name" label="Name" value=${name} onInput=${setName} error=${error} maxlength="64" autocomplete="off" hint="It heads every page, and devices show it when they are paired." />
        <${SelectField} id="zone" label="Time zone" value=${zone} onInput=${setZone} options=${zones} hint="The home's days begin and end by this clock." />
        ${problem && html`<${ProblemLine} problem=${problem} />`}
        <div><button class="btn" disabled=${busy || same}>Save</button></div>
      </div>
    </form>`;
}

function People({ home }) {
  const { data } = usePeople(home.id);
  const alone = data?.members.length === 1;
  return html`
    <section class="settings-part">
      <h2>Who can see this home</h2>
      <div class="settings-body">
        ${data && html`<p class="soft">${alone ? 'You, as its only member. Nobody outside this home.' : `${count(data.members.length, 'member')}. Nobody outside this home.`}</p>`}
        <div><a class="btn" href=${`/h/${home.id}/people`}><${Icon} name="users-three" />People</a></div>
      </div>
    </section>`;
}

function DeleteHome({ home }) {
  const [asking, setAsking] = useState(false);
  return html`
    <section class="settings-part">
      <h2>Delete this home</h2>
      <div class="settings-body">
        <p class="soft">Everything that is kept of it goes with it, for every member. It cannot be undone.</p>
        <div><button type="button" class="btn btn-danger" onClick=${() => setAsking(true)}><${Icon} name="trash" />Delete this home</button></div>
        ${asking && html`<${DeleteQuestion} home=${home} onClose=${() => setAsking(false)} />`}
      </div>
    </section>`;
}

function DeleteQuestion({ home, onClose }) {
  const { data: cameras } = useCameras(home.id);
  const { data: people } = usePeople(home.id);
  const [typed, setTyped] = useState('');
  const [error, setError] = useState(null);
  const words = deleteHomeWords(home, { cameras: cameras?.cameras.length, members: people?.members.length });
  const change = (value) => {
    setTyped(value);
    setError(null);
  };
  const remove = async () => {
    try {
      await api('DELETE', homePath(home.id), { body: { name: home.name } });
    } catch (problem) {
      if (problem.field === 'name') {
        // Somebody has renamed it meanwhile.
        setError(problem.message);
        refresh((path) => path === homePath(home.id) || path === mePath);
        document.getElementById('delete-name')?.focus();
      }
      throw problem;
    }
    toast(`${home.name} was deleted.`);
    await startAnew();
  };
  const trouble = (problem) => {
    if (problem.field === 'name') return null;
    if (problem.lockedDown) return html`<div role="alert"><${LockedNotice} what="events" lockdown=${problem.lockdown} zone=${home.zone} several><p>Until they are open again, the home cannot be deleted.</p><//></div>`;
    return html`<${ProblemLine} problem=${problem} />`;
  };
  return html`
    <${Confirm} title=${words.title} verb="Delete home" ready=${isNameOf(typed, home.name)} trouble=${trouble} onConfirm=${remove} onClose=${onClose}>
      <p>${words.text}<b>${words.numbers}</b> ${words.then}</p>
      <p>${words.end}</p>
      <${Field} id="delete-name" label=${html`Type its name, <span class="typed-name">${home.name}</span>`} value=${typed} onInput=${change} error=${error} autocomplete="off" autocapitalize="none" spellcheck="false" />
    <//>`;
}

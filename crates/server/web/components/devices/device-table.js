import { api } from '../../lib/api.js';
import { devicesPath } from '../../lib/home.js';
import { html, useState } from '../../lib/html.js';
import { refresh } from '../../lib/query.js';
import { dateName, dayOf, when } from '../../lib/time.js';
import { count, listed, offset } from '../../lib/words.js';
import { ProblemLine } from '../feedback/states.js';
import { toast } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';
import { Confirm } from '../overlay/dialog.js';
import { Menu } from '../overlay/menu.js';

const STATES = {
  connected: { tone: 'ok', icon: 'check-circle-fill', word: 'Connected' },
  uploads: { tone: 'ok', icon: 'check-circle-fill', word: 'Uploads' },
  paired: { tone: 'quiet', icon: 'circle-dashed', word: 'Paired' },
  waiting: { tone: 'quiet', icon: 'circle-dashed', word: 'Waiting' },
  away: { tone: 'warn', icon: 'warning-circle-fill', word: 'Away' },
  contested: { tone: 'warn', icon: 'warning-circle-fill', word: 'Here twice' },
  expired: { tone: 'quiet', icon: 'minus-circle-fill', word: 'Code expired' },
};

const UNDELIVERED = [
  { value: 'take', name: 'Take it', about: 'What it recorded until now arrives when it is online, within 30 days.' },
  { value: 'refuse', name: 'Take nothing more', about: 'If it is lost or stolen.' },
];

const STARTING = { tone: 'quiet', icon: 'circle-dashed', word: 'Starting' };

/**
 * The devices of a home: what each serves, its state, what it still has to send, its clock.
 * @param {{home: any, devices: any[], cameras: any[], now: number, manage: boolean}} props
 */
export function DeviceTable({ home, devices, cameras, now, manage }) {
  const [renaming, setRenaming] = useState(null);
  const [removing, setRemoving] = useState(null);
  const [undelivered, setUndelivered] = useState('take');
  const [settling, setSettling] = useState(null);
  if (!devices.length) return null;
  const nameOf = (id) => cameras.find((camera) => camera.id === id)?.name;
  const remove = async () => {
    await api('DELETE', `/devices/${removing.id}?undelivered=${undelivered}`);
    refresh((path) => path.startsWith(devicesPath(home.id)) || path.startsWith('/cameras'));
    toast(`${removing.name} removed.`);
  };
  const settle = async () => {
    await api('POST', `/devices/${settling.id}/settle`);
    refresh((path) => path.startsWith(devicesPath(home.id)) || path.startsWith('/cameras'));
    toast(`${settling.name} may go on.`);
  };
  const askToRemove = (device) => {
    setUndelivered('take');
    setRemoving(device);
  };
  const contested = devices.filter((device) => device.state === 'contested');
  const affected = removing ? removing.cameras.map(nameOf).filter(Boolean) : [];
  return html`
    <section class="devices" aria-labelledby="devices-title">
      <h2 id="devices-title">Devices of this home</h2>
      ${contested.map((device) => html`
        <div class="notice notice-warn" role="alert" key=${device.id}><${Icon} name="warning-circle-fill" /><div>
          <p><b>${device.name} is here twice, since ${when(device.since, home.zone, now)}.</b> Two machines call with its identity: most likely a copy of its folder, from a backup or a cloned card, runs somewhere. Until it is clear which one is yours, neither sends footage here; yours keeps what it records.</p>
          ${manage && html`<p class="notice-actions"><button class="btn" onClick=${() => setSettling(device)}>The other one is switched off</button>${!device.local && html` <button class="btn btn-quiet" onClick=${() => askToRemove(device)}>Remove it</button>`}</p>`}
        </div></div>`)}
      <div class="card devices-card"><table>
        <thead><tr><th scope="col">Device</th><th scope="col">Serves</th><th scope="col">State</th><th scope="col">Waiting to be sent</th><th scope="col">Clock</th><th><span class="visually-hidden">More</span></th></tr></thead>
        <tbody>${devices.map((device) => html`
          <tr key=${device.id}>
            <th scope="row">${renaming === device.id
              ? html`<${Rename} device=${device} home=${home} onDone=${() => setRenaming(null)} />`
              : html`<b>${device.name}</b><small>${sayKind(device, home.zone, now)}</small>`}</th>
            <td data-label="Serves">${listed(device.cameras.map(nameOf).filter(Boolean)) || html`<span class="soft">no camera</span>`}</td>
            <td data-label="State"><${DevicePill} device=${device} zone=${home.zone} now=${now} /></td>
            <td data-label="Waiting to be sent" class=${device.queued_events === null ? 'devices-unknown' : ''}>${sayQueue(device)}</td>
            <td data-label="Clock" class=${device.clock_offset_ms === null ? 'devices-unknown' : ''}>${device.kind === 'upload' ? html`<span class="soft">its own</span>` : device.clock_offset_ms === null ? html`<span class="soft">not known</span>` : device.clock_offset_ms === 0 ? 'right' : `${offset(device.clock_offset_ms)} off, corrected`}</td>
            <td class="devices-menu">${manage && html`<${Menu} label=${`More for ${device.name}`} items=${menuOf(device, setRenaming, askToRemove)} />`}</td>
          </tr>`)}
        </tbody>
      </table></div>
      ${settling && html`
        <${Confirm} title=${`Let ${settling.name} go on?`} verb="Let it go on" onConfirm=${settle} onClose=${() => setSettling(null)}>
          <p>The next machine that calls with its identity is taken for yours. If you do not know where the other one is, remove the device instead and pair it anew: what it knows becomes useless then.</p>
        <//>`}
      ${removing && html`
        <${Confirm} title=${removing.state === 'waiting' ? 'Cancel this pairing?' : `Remove ${removing.name}?`} verb=${removing.state === 'waiting' ? 'Cancel pairing' : 'Remove'} onConfirm=${remove} onClose=${() => setRemoving(null)}>
          ${removing.state === 'waiting' || removing.state === 'expired'
            ? html`<p>Its code stops working at once.</p>`
            : html`<p>It loses access now. ${affected.length ? html`<b>${listed(affected)}</b> ${affected.length === 1 ? 'stays, but is' : 'stay, but are'} not recorded until another device serves ${affected.length === 1 ? 'it' : 'them'}.` : 'It serves no camera.'} Recorded events stay.</p>
              ${removing.kind !== 'upload' && html`<fieldset>
                <legend class="label">${removing.queued_events ? `${count(removing.queued_events, 'event')} that it has not sent` : 'What it has not sent'}</legend>
                <div class="ticks">${UNDELIVERED.map(({ value, name, about }) => html`<label class="tick" key=${value}><input type="radio" name="undelivered" value=${value} checked=${undelivered === value} onChange=${() => setUndelivered(value)} /><span>${name}<small>${about}</small></span></label>`)}</div>
              </fieldset>`}`}
        <//>`}
    </section>`;
}

function menuOf(device, rename, remove) {
  const gone = device.state === 'waiting' || device.state === 'expired';
  return [
    { label: 'Rename', icon: 'pencil-simple', onSelect: () => rename(device.id) },
    !device.local && { label: gone ? 'Cancel pairing' : 'Remove', icon: 'trash', danger: true, onSelect: () => remove(device) },
  ].filter(Boolean);
}

/** @param {{device: any, zone: string, now: number}} props */
export function DevicePill({ device, zone, now }) {
  const state = device.local && device.state === 'waiting' ? STARTING : STATES[device.state] ?? STATES.away;
  const since = device.state === 'away' && device.since ? ` since ${when(device.since, zone, now)}` : device.state === 'uploads' ? `, last ${when(device.since, zone, now)}` : '';
  return html`<span class=${`pill pill-${state.tone}`}><${Icon} name=${state.icon} />${state.word}${since}</span>`;
}

function sayKind(device, zone, now) {
  if (device.kind === 'upload') return `Uploads with keys, sealed by the server, added ${dateName(dayOf(device.paired_at, zone), { thisYear: dayOf(now, zone).slice(0, 4) })}`;
  const what = device.kind === 'camera' ? 'Camera that sends by itself' : `Agent${device.version ? ` ${device.version.replace(/^ownsight agent /, '')}` : ''}${device.local ? ' of this server' : ''}`;
  if (device.state === 'waiting' && device.local) return 'Its agent is starting';
  if (device.state === 'waiting') return 'Its pairing code has not been used yet';
  if (device.state === 'expired') return 'Its pairing code was not used in time';
  const paired = device.paired_at ? `, paired ${dateName(dayOf(device.paired_at, zone), { thisYear: dayOf(now, zone).slice(0, 4) })}` : '';
  return what + paired;
}

function sayQueue(device) {
  if (device.kind === 'upload') return html`<span class="soft">keeps nothing</span>`;
  if (device.queued_events === null) return html`<span class="soft">not known</span>`;
  const lost = device.dropped_events ? html`<small class="devices-lost">${count(device.dropped_events, 'event')} lost: its space was full</small>` : null;
  const behind = device.configuration && device.configuration.acknowledged < device.configuration.latest ? html`<small>Has not taken its newest settings yet</small>` : null;
  return html`${device.queued_events ? `${count(device.queued_events, 'event')}, newest first` : 'Nothing'}${lost}${behind}`;
}

function Rename({ device, home, onDone }) {
  const [name, setName] = useState(device.name);
  const [problem, setProblem] = useState(null);
  const save = async (event) => {
    event.preventDefault();
    if (!name.trim() || name.trim() === device.name) return onDone();
    try {
      await api('PATCH', `/devices/${device.id}`, { body: { name: name.trim() } });
      refresh((path) => path.startsWith(devicesPath(home.id)));
      toast('Renamed.');
      onDone();
    } catch (failure) {
      setProblem(failure);
    }
    return undefined;
  };
  return html`
    <form class="rename" onSubmit=${save}>
      <input class="input" aria-label="Name" value=${name} maxlength="64" ref=${(input) => input && !input.dataset.seen && (input.dataset.seen = '1') && input.select()} onInput=${(event) => setName(event.currentTarget.value)} onKeyDown=${(event) => event.key === 'Escape' && onDone()} />
      <button class="btn">Save</button><button type="button" class="btn btn-quiet" onClick=${onDone}>Cancel</button>
      ${problem && html`<${ProblemLine} problem=${problem} />`}
    </form>`;
}

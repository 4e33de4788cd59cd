import { AnotherCamera } from '../components/camera/another-camera.js';
import { StatusPill, sayState, sayVideo } from '../components/camera/camera-tile.js';
import { MakersPaths, NoRoom, TestSteps } from '../components/camera/test-steps.js';
import { useCameraTest } from '../components/camera/use-camera-test.js';
import { OftenNotOf } from '../components/event-card/not-event.js';
import { NothingHere, ProblemLine, ProblemPage, Skeleton } from '../components/feedback/states.js';
import { toast } from '../components/feedback/toast.js';
import { Field, PasswordField, SelectField } from '../components/form/field.js';
import { Icon } from '../components/icon/icon.js';
import { Confirm } from '../components/overlay/dialog.js';
import { ShareSheet } from '../components/people/share-sheet.js';
import { Picture } from '../components/picture/picture.js';
import { Page } from '../components/shell/page.js';
import { MoreMotion } from '../components/zones/more-motion.js';
import { Quieted } from '../components/zones/quieted.js';
import { ZoneEditor, ZonesField } from '../components/zones/zone-editor.js';
import { api, mediaUrl } from '../lib/api.js';
import { cameraState } from '../lib/camera-state.js';
import { useNow } from '../lib/clockwork.js';
import { faultWords, pathOf, splitAddress, withPath } from '../lib/faults.js';
import { mayManage, useCameras, useDevices } from '../lib/home.js';
import { oftenNot } from '../lib/not-events.js';
import { html, useEffect, useState } from '../lib/html.js';
import { refresh } from '../lib/query.js';
import { navigate, place, setFragment } from '../lib/router.js';
import { SOUND_CONSENT } from '../lib/sound.js';
import { dateName, dayOf, when } from '../lib/time.js';
import { bytes, count } from '../lib/words.js';
import { zonesWords } from '../lib/zones.js';

/** One camera: what it does, a test, its settings, its end. @param {{home: any, camera: string}} props */
export function CameraPage({ home, camera: id }) {
  const cameras = useCameras(home.id);
  const camera = cameras.data?.cameras.find((one) => one.id === id);
  const parent = `/h/${home.id}/cameras`;
  if (!camera) {
    return html`<${Page} title="Camera" home=${home} parent=${parent} ready=${Boolean(cameras.data)}>
      ${cameras.data ? html`<${NothingHere} />` : cameras.problem ? html`<${ProblemPage} problem=${cameras.problem} retryAt=${cameras.retryAt} onRetry=${cameras.reload} />` : html`<${Skeleton} loading><div class="narrow"><span class="bone detail-still"></span></div><//>`}
    <//>`;
  }
  return html`<${Detail} key=${camera.id} home=${home} camera=${camera} cameras=${cameras.data.cameras} parent=${parent} />`;
}

function Detail({ home, camera, cameras, parent }) {
  const now = useNow() * 1000;
  const devices = useDevices(home.id);
  const manage = mayManage(home.role);
  const test = useCameraTest(home.id);
  const [form, setForm] = useState(() => formOf(camera));
  const [tried, setTried] = useState([]);
  const [removing, setRemoving] = useState(false);
  const [sharing, setSharing] = useState(false);
  const [zoning, setZoning] = useState(false);
  const state = cameraState(camera);
  const changed = changesOf(form, camera);
  const connection = 'address' in changed || 'user' in changed || 'password' in changed || 'device_id' in changed;

  // An owner or adult sees each address that there is.
  const pushes = manage && camera.address === null;

  const startTest = (overrides = {}) => {
    const next = { ...form, ...overrides };
    const parts = splitAddress(next.address);
    const clean = { ...next, address: parts.address, user: parts.user ?? next.user, password: parts.password ?? next.password };
    setForm(clean);
    setTried((was) => [...was, pathOf(clean.address)]);
    const { address, user, password, device_id } = changesOf(clean, camera);
    const what = Object.fromEntries(Object.entries({ address, user, password, device_id }).filter(([, value]) => value !== undefined));
    test.start({ camera_id: camera.id, ...(camera.address && !what.address ? { address: camera.address } : {}), ...what });
  };
  useEffect(() => {
    const wish = place.get().hash.slice(1);
    if (!wish || !manage || pushes) return;
    setFragment('');
    if (wish === 'test') startTest();
    else if (wish === 'zones') setZoning(true);
    else if (wish === 'sensitivity') document.getElementById('sensitivity')?.focus();
    else document.getElementById(wish === 'password' ? 'camera-password' : 'address')?.focus();
  }, []);

  const remove = async () => {
    const erased = await api('DELETE', `/cameras/${camera.id}`);
    refresh((path) => path.startsWith('/cameras') || path.startsWith('/homes'));
    toast(`${camera.name} removed. ${count(erased.events, 'event')}, ${bytes(erased.bytes)} erased.`);
    navigate(parent, { replace: true });
  };
  return html`
    <${Page} title=${camera.name} home=${home} parent=${parent}
      heading=${html`<${StatusPill} camera=${camera} zone=${home.zone} now=${now} />${manage && html`<div class="page-head-end wide-only"><button type="button" class="btn" onClick=${() => setSharing(true)}><${Icon} name="share-network" />Share</button></div>`}`}
      actions=${manage && html`<button type="button" class="icon-btn" aria-label=${`Share ${camera.name}`} onClick=${() => setSharing(true)}><${Icon} name="share-network" class="icon-24" /></button>`}>
      <div class="two-columns">
        <div class="stack-lg aside-first">
          <span class=${state.troubled ? 'detail-still camera-still-old' : 'detail-still'}><${Picture} src=${camera.still_url ? mediaUrl(camera.still_url, { at: String(camera.still_at ?? '') }) : null} alt=${`Last picture of ${camera.name}`} lazy=${false} />
            ${camera.still_at && html`<span class="camera-age num">Picture of ${when(camera.still_at, home.zone, now)}</span>`}</span>
          ${!camera.status.quieted_since && html`<p class=${state.troubled ? '' : 'soft'}>${sayState(camera, home.zone, now)} ${camera.status.state === 'offline' ? faultWords(camera.status.fault).remedy : ''}</p>`}
          ${manage && html`<${AnotherCamera} camera=${camera} home=${home} now=${now} />`}
          ${manage && !pushes && !test.test && !test.starting && html`<p><button type="button" class="btn" onClick=${() => startTest()}>Test the camera</button></p>`}
          ${(test.test || test.starting || test.problem) && html`<${TestPart} home=${home} camera=${camera} test=${test} form=${form} tried=${tried} connection=${connection} onAgain=${() => startTest()} onPath=${(path) => startTest({ address: withPath(form.address, path) })} onKept=${(kept) => { setForm(formOf(kept)); test.clear(); }} />`}
        </div>
        <div class="stack-lg">
          ${camera.status.quieted_since && html`<${Quieted} camera=${camera} zone=${home.zone} now=${now} manage=${manage} onZones=${() => setZoning(true)} />`}
          ${manage && !pushes && oftenNot([camera]).length > 0 && html`<${OftenNotOf} camera=${camera}><button type="button" class="btn" onClick=${() => setZoning(true)}>Draw a zone</button><button type="button" class="btn btn-quiet" onClick=${() => document.getElementById('sensitivity')?.focus()}>Change its sensitivity</button><//>`}
          <${Facts} camera=${camera} home=${home} now=${now} pushes=${pushes} />
          ${manage && html`<${Settings} home=${home} camera=${camera} form=${form} setForm=${setForm} changed=${changed} connection=${connection} pushes=${pushes} devices=${devices.data?.devices ?? []} onTest=${() => startTest()} onZones=${() => setZoning(true)} />`}
          ${manage && html`<div class="part-danger"><p class="soft">Removing erases its ${count(camera.events, 'event')}.</p><button type="button" class="btn btn-danger" onClick=${() => setRemoving(true)}><${Icon} name="trash" />Remove camera</button></div>`}
        </div>
      </div>
      ${sharing && html`<${ShareSheet} home=${home} cameras=${cameras} chosen=${[camera.id]} onClose=${() => setSharing(false)} />`}
      ${zoning && html`<${ZoneEditor} camera=${camera} onClose=${() => setZoning(false)} />`}
      ${removing && html`
        <${Confirm} title=${`Remove ${camera.name}?`} verb="Remove" onConfirm=${remove} onClose=${() => setRemoving(false)}>
          <p>It is not recorded any more, and its <b>${count(camera.events, 'event')}</b> ${camera.events === 1 ? 'is' : 'are'} erased for everybody, at once. In backups of this server they last as long as those are kept. What was downloaded stays where it is.</p>
        <//>`}
    <//>`;
}

function Facts({ camera, home, now, pushes }) {
  const thisYear = dayOf(now, home.zone).slice(0, 4);
  return html`
    <dl class="detail-facts">
      ${pushes ? html`<div><dt>Address</dt><dd>${camera.status.state === 'uploads' ? 'none: it is uploaded to' : 'none: it pushes by itself'}</dd></div>` : html`
      <div><dt>Address</dt><dd><code>${camera.address ?? 'not known to you'}</code></dd></div>
      <div><dt>Sign-in</dt><dd>${camera.user ? `user ${camera.user}, ` : ''}${camera.has_password ? 'password set' : 'no password'}</dd></div>`}
      <div><dt>Served by</dt><dd>${camera.device_name ?? 'no device'}</dd></div>
      ${camera.video && html`<div><dt>Video</dt><dd>${sayVideo(camera.video)}</dd></div>`}
      ${!pushes && camera.zones.length > 0 && html`<div><dt>Zones</dt><dd>${zonesWords(camera.zones)}</dd></div>`}
      <div><dt>Events</dt><dd><a class="link" href=${`/h/${home.id}/events?camera=${camera.id}`}>${count(camera.events, 'event')}</a>${camera.not_events > 0 && html`, of them <a class="link" href=${`/h/${home.id}/events?camera=${camera.id}&not=1`}>${camera.not_events} said to be none</a>`}</dd></div>
      <div><dt>Here since</dt><dd>${dateName(dayOf(camera.created_at, home.zone), { thisYear })}</dd></div>
    </dl>`;
}

function TestPart({ home, camera, test, form, tried, connection, onAgain, onPath, onKept }) {
  const [problem, setProblem] = useState(null);
  const state = test.test?.state;
  const fault = test.test?.steps.find(({ outcome }) => outcome === 'failed')?.fault;
  const over = state === 'failed' || state === 'expired';
  const keep = async () => {
    try {
      const kept = await test.confirm(form.name.trim() || camera.name);
      refresh((path) => path.startsWith('/cameras'));
      toast('Saved. The camera connects with it now.');
      onKept(kept);
    } catch (failure) {
      setProblem(failure);
    }
  };
  return html`
    <section class="part" aria-label="Live test">
      <h2>Live test</h2>
      ${(test.test || test.starting) && html`<${TestSteps} test=${test.test ?? { state: 'waiting', steps: [] }} address=${form.address} anonymous=${!form.user && !form.password && !camera.has_password} />`}
      <${NoRoom} home=${home} test=${test.test} />
      ${state === 'passed' && test.test.still_url && html`<span class="test-picture"><${Picture} src=${mediaUrl(test.test.still_url)} alt="Picture of the test" lazy=${false} /></span>`}
      ${state === 'expired' && html`<div class="notice notice-warn" role="alert"><${Icon} name="clock" /><p><b>The device did not answer in time.</b> Check that it is connected, then test again.</p></div>`}
      ${(test.problem || problem) && html`<${ProblemLine} problem=${test.problem ?? problem} />`}
      <div class="form-buttons">
        ${state === 'passed' && connection && html`<button type="button" class="btn btn-primary" onClick=${keep}>Save what was tested</button>`}
        ${(over || state === 'passed' || test.problem) && html`<button type="button" class="btn" onClick=${onAgain}>Test again</button>`}
        <button type="button" class="btn btn-quiet" onClick=${test.clear}>${over || state === 'passed' ? 'Close' : 'Stop'}</button>
      </div>
      ${fault === 'no-such-path' && html`<${MakersPaths} tried=${tried} onPick=${onPath} />`}
    </section>`;
}

function Settings({ home, camera, form, setForm, changed, connection, pushes, devices, onTest, onZones }) {
  const [state, setState] = useState({ busy: false, problem: null, error: null });
  const set = (name) => (value) => setForm({ ...form, [name]: value });
  const usable = devices.filter(({ kind, id }) => kind === (pushes ? 'camera' : 'agent') || (pushes && kind === 'upload') || id === camera.device_id);
  const save = async (event) => {
    event.preventDefault();
    const parts = splitAddress(form.address);
    const body = changesOf({ ...form, address: parts.address, user: parts.user ?? form.user, password: parts.password ?? form.password }, camera);
    if ('name' in body && !body.name) return setState({ busy: false, problem: null, error: 'Give the camera a name.' });
    setState({ busy: true, problem: null, error: null });
    try {
      const saved = await api('PATCH', `/cameras/${camera.id}`, { body });
      refresh((path) => path.startsWith('/cameras'));
      setForm(formOf(saved));
      setState({ busy: false, problem: null, error: null });
      toast('Saved.');
    } catch (problem) {
      setState({ busy: false, problem, error: null });
    }
    return undefined;
  };
  return html`
    <form class="part" onSubmit=${save} novalidate>
      <h2>Settings</h2>
      <${Field} id="camera-name" label="Name" value=${form.name} onInput=${set('name')} error=${state.error} maxlength="64" autocomplete="off" />
      ${!pushes && html`
      <${Field} id="address" label="Address" class="mono" value=${form.address} onInput=${set('address')} inputmode="url" autocapitalize="none" autocomplete="off" spellcheck="false" />
      <div class="form-row">
        <${Field} id="camera-user" label="User name" value=${form.user} onInput=${set('user')} autocapitalize="none" autocomplete="off" spellcheck="false" />
        <${PasswordField} id="camera-password" label="Password" value=${form.password} onInput=${set('password')} autocomplete="off" hint=${camera.has_password ? 'One is set. Left empty, it stays.' : ''} />
      </div>`}
      ${usable.length > 1 && html`<${SelectField} id="camera-device" label="Served by" value=${form.device_id ?? ''} onInput=${set('device_id')} options=${[...(camera.device_id ? [] : [{ value: '', label: 'no device' }]), ...usable.map(({ id, name, local }) => ({ value: id, label: local ? 'This server' : name }))]} />`}
      ${!pushes && html`<div class="field">
        <label for="sensitivity">Sensitivity to motion: ${form.sensitivity}</label>
        <input id="sensitivity" class="range" type="range" min="1" max="10" step="1" value=${form.sensitivity} onInput=${(event) => set('sensitivity')(Number(event.currentTarget.value))} />
        <p class="sensitivity-scale"><span>only what is large</span><span>also what is small</span></p>
      </div>
      <${ZonesField} camera=${camera} onOpen=${onZones} />
      <${MoreMotion} form=${form} set=${set} />
      <label class="tick"><input type="checkbox" checked=${form.sound} onChange=${(event) => set('sound')(event.currentTarget.checked)} /><span>Record sound<small>${SOUND_CONSENT} The live test says whether this camera’s sound can be recorded.</small></span></label>
      ${camera.sound && camera.video?.sound === false && html`<div class="notice notice-warn"><${Icon} name="speaker-slash" /><p><b>Switched on, but this camera’s sound cannot be recorded here.</b> It sends none, or not as AAC, G.711 or PCM, or the device that serves it has no ffmpeg. The live test says which.</p></div>`}`}
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      <div class="form-buttons">
        <button class=${connection && !pushes ? 'btn' : 'btn btn-primary'} disabled=${state.busy || !Object.keys(changed).length}>${connection && !pushes ? 'Save without a test' : 'Save'}</button>
        ${connection && !pushes && html`<button type="button" class="btn btn-primary" onClick=${onTest}>Test, then save</button>`}
      </div>
    </form>`;
}

function formOf(camera) {
  return { name: camera.name, address: camera.address ?? '', user: camera.user ?? '', password: '', sensitivity: camera.sensitivity, sound: Boolean(camera.sound), size_min: camera.size_min, lasts_min_ms: camera.lasts_min_ms, quieting: camera.quieting, device_id: camera.device_id };
}

/** What the form would change, as the body of a PATCH. An empty password stays what it is. */
function changesOf(form, camera) {
  const changes = {};
  if (form.name.trim() !== camera.name) changes.name = form.name.trim();
  if (form.address.trim() !== (camera.address ?? '')) changes.address = form.address.trim();
  if (form.user.trim() !== (camera.user ?? '')) changes.user = form.user.trim();
  if (form.password) changes.password = form.password;
  if (form.sensitivity !== camera.sensitivity) changes.sensitivity = form.sensitivity;
  if (form.sound !== Boolean(camera.sound)) changes.sound = form.sound;
  if (form.size_min !== camera.size_min) changes.size_min = form.size_min;
  if (form.lasts_min_ms !== camera.lasts_min_ms) changes.lasts_min_ms = form.lasts_min_ms;
  if (form.quieting !== camera.quieting) changes.quieting = form.quieting;
  if (form.device_id && form.device_id !== camera.device_id) changes.device_id = form.device_id;
  return changes;
}

import { Asking, LookAround, Taken } from '../components/camera/look-around.js';
import { MakersPaths, NoRoom, TestSteps } from '../components/camera/test-steps.js';
import { AddUpload, ShownUpload } from '../components/camera/upload.js';
import { useCameraTest } from '../components/camera/use-camera-test.js';
import { ProblemLine } from '../components/feedback/states.js';
import { toast } from '../components/feedback/toast.js';
import { Field, PasswordField } from '../components/form/field.js';
import { Icon } from '../components/icon/icon.js';
import { Picture } from '../components/picture/picture.js';
import { Page } from '../components/shell/page.js';
import { api, mediaUrl } from '../lib/api.js';
import { pathOf, splitAddress, withPath } from '../lib/faults.js';
import { camerasPath, mayManage, useCameras, useDevices } from '../lib/home.js';
import { html, useEffect, useState } from '../lib/html.js';
import { clearTextOnly } from '../lib/look.js';
import { SOUND_CONSENT, soundOffered } from '../lib/sound.js';
import { refresh } from '../lib/query.js';
import { navigate } from '../lib/router.js';
import { cameraNameError } from '../lib/words.js';

/** In the place of a device: the camera gets one of its own, which uploads. */
const UPLOAD = 'upload';

/** Adding a camera: through which device, address, live test, name, done. @param {{home: any}} props */
export function AddCameraPage({ home }) {
  const devices = useDevices(home.id);
  const cameras = useCameras(home.id);
  const [form, setForm] = useState({ device: null, address: '', user: '', password: '', camera: null, digest: false });
  const [error, setError] = useState(null);
  const [tried, setTried] = useState([]);
  const [uploads, setUploads] = useState(null);
  const test = useCameraTest(home.id);
  const around = useCameraTest(home.id, { passed: 'Search over', failed: 'Search failed' });
  const asking = useCameraTest(home.id, { passed: 'The camera named its streams', failed: 'The camera named no stream' });
  const parent = `/h/${home.id}/cameras`;
  const usable = (devices.data?.devices.filter(({ kind, state }) => kind === 'agent' && state !== 'waiting' && state !== 'expired') ?? []).sort((a, b) => Number(b.local) - Number(a.local));
  const pushing = devices.data?.devices.filter(({ kind, state }) => kind === 'camera' && state !== 'waiting' && state !== 'expired') ?? [];
  const local = devices.data?.devices.find((one) => one.local);
  // This server's agent is made when somebody of the home first asks, and needs a moment.
  const starting = home.local_agent && (!local || local.state === 'waiting');
  const device = form.device ?? (usable.find(({ local }) => local) ?? usable[0] ?? pushing[0])?.id ?? null;
  const pushes = pushing.find(({ id }) => id === device);
  const taken = cameras.data?.cameras.map(({ name }) => name) ?? [];

  /** With `digest` the camera gets its password by Digest or not at all: nobody typed this address. */
  const start = (address = form.address, digest = form.digest, through = device) => {
    const parts = splitAddress(address);
    if (/^(rtsps?:\/\/)?$/.test(parts.address)) {
      setError('Enter the camera’s address.');
      return;
    }
    // Credentials that were pasted with the address move into their own fields, where they are not shown.
    const next = { ...form, device: through, camera: null, digest, address: parts.address, user: parts.user ?? form.user, password: parts.password ?? form.password };
    setForm(next);
    setError(null);
    setTried((was) => [...was, pathOf(parts.address)]);
    test.start({ ...(through ? { device_id: through } : {}), address: next.address, ...(next.user ? { user: next.user } : {}), ...(next.password ? { password: next.password } : {}), ...(digest ? { digest_only: true } : {}) });
    window.scrollTo(0, 0);
  };
  // The device that looks is chosen from then on, and what it found is asked and tested by it: through another one, such as one that
  // became the first of the list meanwhile, the password would go into another network.
  const look = () => {
    setForm({ ...form, device });
    around.start({ ...(device ? { device_id: device } : {}), around: true });
  };
  const change = (next) => {
    setError(null);
    if (next.device === form.device) return setForm(next);
    around.clear();
    return setForm({ ...next, camera: null });
  };
  const ask = () => {
    const { device: by, onvif } = form.camera;
    setError(null);
    asking.start({ ...(by ? { device_id: by } : {}), onvif, ...(form.user ? { user: form.user } : {}), ...(form.password ? { password: form.password } : {}) });
    window.scrollTo(0, 0);
  };
  // The camera named its streams: the largest is tested like an address that was typed.
  const stream = asking.test?.state === 'passed' ? asking.test.look?.asked?.streams[0]?.address : null;
  useEffect(() => {
    if (!stream) return;
    const by = form.camera.device;
    asking.clear();
    start(stream, true, by);
  }, [stream]);
  const asked = asking.test || asking.starting || asking.problem;
  const running = test.test || test.starting;
  const passed = test.test?.state === 'passed';
  if (!mayManage(home.role)) return html`<${Page} title="Add a camera" home=${home} parent=${parent}><p class="soft">An owner or adult of this home can add cameras.</p><//>`;
  if (uploads) return html`<${Page} title="Add a camera" home=${home} parent=${parent}><div class="narrow narrow-wide"><${ShownUpload} shown=${uploads} parent=${parent} /></div><//>`;
  const instead = device === UPLOAD ? html`<${AddUpload} home=${home} taken=${taken} parent=${parent} onAdded=${setUploads} />` : pushes && html`<${AddPushing} home=${home} device=${pushes} taken=${taken} parent=${parent} />`;
  return html`
    <${Page} title="Add a camera" home=${home} parent=${parent} ready=${Boolean(devices.data)}>
      <div class=${passed ? 'two-columns' : 'narrow'}>
        ${asked && form.camera && html`<${Asking} asking=${asking} found=${form.camera} onEdit=${asking.clear} onAgain=${ask} />`}
        ${!running && !asked && html`<${AddressForm} home=${home} devices=${devices.data?.devices} usable=${usable} pushing=${pushing} starting=${starting} device=${device} form=${form} setForm=${change} error=${error} problem=${test.problem} onTest=${() => (form.camera ? ask() : start())} instead=${instead} around=${around} onLook=${look} cameras=${cameras.data?.cameras ?? []} />`}
        ${running && html`<div class="stack-lg"><${Running} home=${home} test=${test} form=${form} deviceName=${nameOf(usable.find(({ id }) => id === device))} tried=${tried} onEdit=${test.clear} onAgain=${() => start()} onClear=${() => start(form.address, false)} onPath=${(path) => start(withPath(form.address, path))} /></div>`}
        ${passed && html`<${NameIt} home=${home} test=${test} taken=${taken} parent=${parent} />`}
      </div>
    <//>`;
}

/** @param {any} device */
function nameOf(device) {
  return device?.local ? 'this server' : device?.name;
}

function AddressForm({ home, devices, usable, pushing, starting, device, form, setForm, error, problem, onTest, instead, around, onLook, cameras }) {
  const set = (name) => (value) => setForm({ ...form, [name]: value });
  const setAddress = (address) => setForm({ ...form, address, digest: false });
  const ofAddress = problem?.field === 'address';
  const submit = (event) => {
    event.preventDefault();
    onTest();
  };
  const choices = html`
      <fieldset class="stack">
        <legend class="label">Through which device</legend>
        <p class="soft">The device that talks to the camera must be in its network. A camera that pushes by itself needs no other.</p>
        <div class="choices">
          ${usable.map((one) => html`<label class="choice" key=${one.id}><input type="radio" name="device" checked=${one.id === device} onChange=${() => set('device')(one.id)} /><span class="dot"></span><span class="name">${one.local ? 'This server' : one.name}</span><span class="about">${one.state === 'connected' ? 'connected' : one.state === 'paired' ? 'paired, not yet connected' : 'away; a test waits for it'}</span></label>`)}
          ${devices && starting && html`<div class="choice choice-off" role="status"><span class="dot"></span><span class="name">This server</span><span class="about">its agent is starting</span></div>`}
          ${pushing.map((one) => html`<label class="choice" key=${one.id}><input type="radio" name="device" checked=${one.id === device} onChange=${() => set('device')(one.id)} /><span class="dot"></span><span class="name">${one.name}</span><span class="about">pushes by itself</span></label>`)}
          ${devices && html`<label class="choice"><input type="radio" name="device" checked=${device === UPLOAD} onChange=${() => set('device')(UPLOAD)} /><span class="dot"></span><span class="name">Upload with curl</span><span class="about">scripts and simple devices</span></label>`}
          ${devices && html`<a class="choice choice-link" href=${`/h/${home.id}/cameras/pair`}><${Icon} name="qr-code" /><span class="name">Pair another</span><span class="about">a computer near your cameras</span></a>`}
        </div>
        ${devices && !usable.length && !pushing.length && !starting && html`<div class="notice notice-quiet"><${Icon} name="plugs" /><p><b>No device can test a camera yet.</b> Pair one first; the operator of this server can also open it for this home.</p></div>`}
      </fieldset>`;
  if (instead) return html`<div class="stack-lg">${choices}${instead}</div>`;
  return html`
    <form class="stack-lg" onSubmit=${submit} novalidate>
      ${choices}
      ${form.camera
        ? html`<${Taken} found=${form.camera} onBack=${() => set('camera')(null)} />`
        : html`<${LookAround} look=${around} deviceName=${nameOf(usable.find(({ id }) => id === device))} cameras=${cameras} disabled=${!devices || !usable.length} onLook=${onLook} onPick=${(found) => { set('camera')({ ...found, device }); requestAnimationFrame(() => document.getElementById('camera-user')?.focus()); }} />`}
      ${!form.camera && html`<${Field} id="address" label="Address" class="mono" value=${form.address} onInput=${setAddress} error=${error ?? (ofAddress ? problem.message : null)} placeholder="rtsp://192.168.1.40/stream1" hint="As in the camera’s manual or its own page. Usually rtsp://, its number address, and a path; rtsps:// if the camera speaks TLS." inputmode="url" autocapitalize="none" autocomplete="off" spellcheck="false" required />`}
      <div class="form-row">
        <${Field} id="camera-user" label="User name" value=${form.user} onInput=${set('user')} autocapitalize="none" autocomplete="off" spellcheck="false" />
        <${PasswordField} id="camera-password" label="Password" value=${form.password} onInput=${set('password')} autocomplete="off" hint="Of the camera, not of Ownsight." />
      </div>
      ${problem && !ofAddress && html`<${ProblemLine} problem=${problem} />`}
      <div class="form-buttons sticky-buttons"><button class="btn btn-primary" disabled=${!devices || !usable.length}>Test the camera</button><a class="btn btn-quiet wide-only" href=${`/h/${home.id}/cameras`}>Cancel</a></div>
    </form>`;
}

/** A camera that pushes by itself has no address, and nothing to test: its first event says that it works. */
function AddPushing({ home, device, taken, parent }) {
  const [name, setName] = useState(taken.includes(device.name) ? '' : device.name);
  const [state, setState] = useState({ busy: false, problem: null, error: null });
  const save = async (event) => {
    event.preventDefault();
    const text = name.trim();
    const error = cameraNameError(text, taken);
    if (error) return setState({ busy: false, problem: null, error });
    setState({ busy: true, problem: null, error: null });
    try {
      await api('POST', `/homes/${home.id}/cameras`, { body: { name: text, device_id: device.id } });
      refresh((path) => path === camerasPath(home.id));
      toast(`${text} added. What ${device.name} sends for it appears under Events.`);
      navigate(parent, { replace: true });
    } catch (problem) {
      setState({ busy: false, problem, error: null });
    }
    return undefined;
  };
  return html`
    <form class="stack-lg" onSubmit=${save} novalidate>
      <${Field} id="camera-name" label="Name" value=${name} onInput=${setName} error=${state.error} maxlength="64" autocomplete="off" />
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      <div class="form-buttons sticky-buttons"><button class="btn btn-primary" disabled=${state.busy}>Add the camera</button><a class="btn btn-quiet wide-only" href=${parent}>Cancel</a></div>
    </form>`;
}

function Running({ home, test, form, deviceName, tried, onEdit, onAgain, onClear, onPath }) {
  const state = test.test?.state;
  const failed = test.test?.steps.find(({ outcome }) => outcome === 'failed');
  const fault = failed?.fault;
  const clear = form.digest && failed && clearTextOnly(failed);
  const over = state === 'failed' || state === 'expired';
  return html`
    <div class="card test-address"><span class="meta">Address</span><code>${form.address}</code>
      <p class="soft">${form.user ? html`user <b>${form.user}</b>, ` : 'no user, '}${form.password ? 'password set' : 'no password'}${deviceName ? `, through ${deviceName}` : ''}</p></div>
    <${TestSteps} test=${test.test ?? { state: 'waiting', steps: [] }} address=${form.address} anonymous=${!form.user && !form.password} />
    ${(state === 'waiting' || test.starting) && html`<p class="soft">Waiting for ${deviceName ?? 'the device'} to begin.</p>`}
    <${NoRoom} home=${home} test=${test.test} />
    ${state === 'expired' && html`<div class="notice notice-warn" role="alert"><${Icon} name="clock" /><p><b>The device did not answer in time.</b> Check that it is connected, then test again.</p></div>`}
    ${test.problem && html`<${ProblemLine} problem=${test.problem} />`}
    ${clear && html`<div class="notice notice-warn" role="alert"><${Icon} name="warning-circle" /><p><b>The password was not given.</b> Switch the camera’s RTSP authentication to Digest, then test again. Or have it sent in clear text: who listens in the network between device and camera can read it.</p></div>`}
    ${fault === 'no-such-path' && html`<${MakersPaths} tried=${tried} onPick=${onPath} />`}
    ${state !== 'passed' && html`<div class="form-buttons sticky-buttons"><button type="button" class="btn" onClick=${onEdit}>Edit address</button>${clear && html`<button type="button" class="btn" onClick=${onClear}>Send in clear text</button>`}${(over || test.problem) && html`<button type="button" class="btn btn-primary" onClick=${onAgain}>Test again</button>`}</div>`}`;
}

function NameIt({ home, test, taken, parent }) {
  const [name, setName] = useState('');
  const [sound, setSound] = useState(false);
  const [problem, setProblem] = useState(null);
  const offered = soundOffered(test.test.steps);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  useEffect(() => {
    document.getElementById('camera-name')?.focus({ preventScroll: true });
  }, []);
  const save = async (event) => {
    event.preventDefault();
    const text = name.trim();
    const wrong = cameraNameError(text, taken);
    if (wrong) return setError(wrong);
    setBusy(true);
    try {
      await test.confirm(text, { sound });
      refresh((path) => path === camerasPath(home.id));
      toast(`${text} added. It records from now on.`);
      navigate(parent, { replace: true });
    } catch (failure) {
      setBusy(false);
      setProblem(failure);
    }
    return undefined;
  };
  return html`
    <form class="stack named" onSubmit=${save} novalidate>
      <h2>What it sees</h2>
      <span class="test-picture"><${Picture} src=${test.test.still_url ? mediaUrl(test.test.still_url) : null} alt="First picture of the camera" lazy=${false} /></span>
      <${Field} id="camera-name" label="Name" value=${name} onInput=${setName} error=${error} maxlength="64" placeholder="Driveway" hint="What it shows, such as Driveway or Side gate." autocomplete="off" />
      ${offered && html`<label class="tick"><input type="checkbox" checked=${sound} onChange=${(event) => setSound(event.currentTarget.checked)} /><span>Record sound<small>${SOUND_CONSENT}</small></span></label>`}
      ${problem && html`<${ProblemLine} problem=${problem} />`}
      <div class="form-buttons sticky-buttons"><button type="button" class="btn" onClick=${test.clear}>Edit address</button><button class="btn btn-primary" disabled=${busy}>Add camera</button></div>
    </form>`;
}

import { NothingHere, ProblemLine } from '../components/feedback/states.js';
import { toast } from '../components/feedback/toast.js';
import { Copy } from '../components/form/copy.js';
import { Field } from '../components/form/field.js';
import { Icon } from '../components/icon/icon.js';
import { Qr } from '../components/picture/qr.js';
import { Page } from '../components/shell/page.js';
import { announce } from '../lib/announce.js';
import { api } from '../lib/api.js';
import { useSecondsUntil } from '../lib/clockwork.js';
import { devicesPath, mayManage } from '../lib/home.js';
import { html, useEffect, useRef, useState } from '../lib/html.js';
import { useQuery, refresh } from '../lib/query.js';
import { goBack, navigate } from '../lib/router.js';
import { clock } from '../lib/time.js';

const LIFE_S = 600;
const POLL_MS = 3000;

/** Pairing a device: its name, then a code that works once. @param {{home: any}} props */
export function PairPage({ home }) {
  const [pairing, setPairing] = useState(null);
  const parent = `/h/${home.id}/cameras`;
  if (!mayManage(home.role)) return html`<${Page} title="Pair a device" home=${home} parent=${parent}><${NothingHere} /><//>`;
  return html`
    <${Page} title="Pair a device" home=${home} parent=${parent}>
      ${pairing
        ? html`<${Code} key=${pairing.device_id} home=${home} pairing=${pairing} parent=${parent} onAgain=${setPairing} />`
        : html`<${NameForm} home=${home} onPairing=${setPairing} />`}
    <//>`;
}

function begin(home, name) {
  return api('POST', devicesPath(home.id), { body: { name } }).then((pairing) => ({ ...pairing, name, endsAt: endOf(pairing.expires_at / 1000) }));
}

/** When the code ends by this browser's clock, which may be wrong by more than a code's life. @param {number} expiresAt milliseconds */
function endOf(expiresAt) {
  const local = Date.now() + LIFE_S * 1000;
  return Math.abs(expiresAt - local) < 60_000 ? Math.min(expiresAt, local) : local;
}

/** Whether an address leads nowhere but to the machine that asks. @param {string} address */
export function isLoopback(address) {
  const host = URL.canParse(address) ? new URL(address).hostname : '';
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host);
}

function NameForm({ home, onPairing }) {
  const [name, setName] = useState('');
  const [error, setError] = useState(null);
  const [state, setState] = useState({ busy: false, problem: null });
  const submit = async (event) => {
    event.preventDefault();
    if (!name.trim()) return setError('Give the device a name.');
    setError(null);
    setState({ busy: true, problem: null });
    try {
      onPairing(await begin(home, name.trim()));
    } catch (problem) {
      setState({ busy: false, problem });
    }
    return undefined;
  };
  return html`
    <form class="narrow" onSubmit=${submit} novalidate>
      <p class="soft">A device is a computer near your cameras that runs <code>ownsight agent</code>, or a camera that sends by itself. It finds motion, seals every event before it leaves, and needs no open port.</p>
      <${Field} id="device-name" label="Name" value=${name} onInput=${setName} error=${error} maxlength="64" placeholder="garage-pi" hint="Where it stands, so that you know it again." autocomplete="off" />
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      <div class="form-buttons sticky-buttons"><button class="btn btn-primary" disabled=${state.busy}>Make a pairing code</button></div>
    </form>`;
}

function Code({ home, pairing, parent, onAgain }) {
  const { data: device, problem: lost, reload } = useQuery(`/devices/${pairing.device_id}`, { home: home.id, topics: ['devices'] });
  const left = useSecondsUntil(pairing.endsAt);
  const command = `ownsight agent --server ${pairing.address}`;
  const here = isLoopback(pairing.address);
  const [problem, setProblem] = useState(null);
  const finished = useRef(false);
  const state = device?.state ?? 'waiting';
  const over = state === 'expired' || (state === 'waiting' && left === 0);
  const answered = state === 'paired' || state === 'connected';

  useEffect(() => {
    if (answered || over) return undefined;
    const timer = setInterval(reload, POLL_MS);
    return () => clearInterval(timer);
  }, [answered, over]);
  useEffect(() => {
    if (left === 300 || left === 60) announce(left === 300 ? '5 minutes left' : '1 minute left');
  }, [left]);
  useEffect(() => {
    if (answered) announce(`${pairing.name} has answered`);
  }, [answered]);

  const cancel = async () => {
    finished.current = true;
    await api('DELETE', `/devices/${pairing.device_id}`).catch(() => {});
    refresh((path) => path === devicesPath(home.id));
  };
  const again = async () => {
    try {
      await cancel();
      onAgain(await begin(home, pairing.name));
    } catch (failure) {
      setProblem(failure);
    }
  };
  if (answered) {
    return html`<${Answered} home=${home} name=${pairing.name} homeName=${pairing.home_name}
      onRight=${() => { refresh((path) => path === devicesPath(home.id)); toast(`${pairing.name} is paired.`); navigate(parent, { replace: true }); }}
      onWrong=${async () => { await cancel(); toast('Pairing cancelled. Nothing was sent to that device.'); navigate(parent, { replace: true }); }} />`;
  }
  if (over || lost?.notFound) {
    return html`
      <section class="state"><${Icon} name="clock" class="state-icon" /><h2 class="state-title">This code has expired</h2><p class="state-text">It worked for 10 minutes, until ${clock(pairing.expires_at, home.zone)}. Make a new one when the device is at hand.</p>
        ${problem && html`<${ProblemLine} problem=${problem} />`}<div class="buttons"><button type="button" class="btn" onClick=${() => goBack(parent)}>Cancel</button><button type="button" class="btn btn-primary" onClick=${again}>New code</button></div></section>`;
  }
  return html`
    <div class="pair">
      <div class="pair-text pair-top">
        <p class="soft">On the computer near your cameras, run this command. It asks for the code. A camera that pairs by picture reads the QR code.</p>
        <div><div class="pair-copy"><span class="soft">Command</span></div><div class="card pair-address"><code>${command}</code><${Copy} text=${command} label="Copy command" /></div></div>
        ${here && html`<div class="notice notice-warn"><${Icon} name="warning-circle" /><p><b>This address works on the server’s own machine only.</b> To pair another computer, open this page by an address that it reaches; <code>server.listen</code> in the server’s configuration says where it listens.</p></div>`}
        <div>
          <div class="pair-copy"><span class="soft">Pairing code</span><${Copy} text=${pairing.code} label="Copy pairing code" /></div>
          <div class="pair-code" role="img" aria-label=${spell(pairing.code)}>${pairing.code.split('-').map((group) => html`<span aria-hidden="true" key=${group}>${group}</span>`)}</div>
          <p class="pair-left"><span><b class="num">${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}</b> <span class="soft">left</span></span><span class="soft">works once</span></p>
          <svg class="meter" width="100%" height="4" aria-hidden="true"><rect width="100%" height="4" rx="2" class="meter-ground" /><rect width=${`${(100 * left) / LIFE_S}%`} height="4" rx="2" class=${left <= 60 ? 'meter-part meter-warn' : 'meter-part'} /></svg>
        </div>
      </div>
      <${Qr} svg=${pairing.qr_svg} alt="QR code of the address and the pairing code" />
      <div class="pair-text">
        <div class="pair-wait"><${Icon} name="circle-dashed" class="icon-turns" /><div><b>Waiting for the device</b><span class="soft">When it answers, check that it shows “${pairing.home_name}”.</span></div></div>
        ${problem && html`<${ProblemLine} problem=${problem} />`}
        <div class="form-buttons sticky-buttons"><button type="button" class="btn" onClick=${async () => { await cancel(); goBack(parent); }}>Cancel</button><button type="button" class="btn" onClick=${again}>New code</button></div>
      </div>
    </div>`;
}

function Answered({ name, homeName, onRight, onWrong }) {
  return html`
    <section class="state" role="status"><${Icon} name="check-circle-fill" class="state-icon pair-done" />
      <h2 class="state-title">${name} shows “${homeName}”. Right?</h2>
      <p class="state-text">Look at the device, and at its own question there. If it shows another home's name, it is not yours.</p>
      <div class="buttons"><button type="button" class="btn btn-primary" onClick=${onRight}>Yes, that is mine</button><button type="button" class="btn btn-danger" onClick=${onWrong}>No, cancel</button></div></section>`;
}

function spell(code) {
  return code.split('-').map((group) => [...group].join(' ')).join(', ');
}

import { makersPaths, faultWords, pathOf } from '../../lib/faults.js';
import { useHome } from '../../lib/home.js';
import { html } from '../../lib/html.js';
import { Icon } from '../icon/icon.js';

const STEPS = ['reached', 'rtsp', 'password', 'path', 'format', 'picture'];
const NAMES = { reached: 'The camera', rtsp: 'RTSP', password: 'User name and password', path: 'The stream', format: 'Video format', picture: 'First picture' };
const PASSED = { reached: 'Camera reached', rtsp: 'It speaks RTSP', password: 'User name and password accepted', path: 'Stream found', format: 'Video format', picture: 'First picture' };
const WAITING = { reached: 'Reaching the camera', rtsp: 'Asking for RTSP', password: 'User name and password', path: 'Stream at this path', format: 'Video format', picture: 'First picture' };
const FAILED = {
  'no-answer': 'No answer in 5 seconds', 'connection-refused': 'Connection refused', 'name-unknown': 'Name unknown', unreachable: 'No way to this address', 'not-rtsp': 'This is not RTSP', unauthorized: 'User name or password refused',
  busy: 'The camera is busy', refused: 'The camera refuses', 'no-video': 'No video in this stream', 'codec-not-supported': 'Codec not supported yet', 'no-key-frame': 'No picture in 10 seconds', stalled: 'The camera stopped sending', closed: 'The camera closed the connection', broken: 'The stream cannot be read',
  'another-camera': 'This is not the camera that was added', 'tls-failed': 'No TLS at this address',
};

const ASKED = { problem: 'It asks for a user name and password', remedy: 'Enter them, then test again. Many cameras have an account of their own for RTSP.' };

/**
 * The six steps of a live test, ticking as they happen. The first that fails is told exactly; the rest were not tried.
 * @param {{test: any, address: string, anonymous?: boolean}} props `anonymous`: it was tried without a user name and password
 */
export function TestSteps({ test, address, anonymous = false }) {
  const byName = new Map(test.steps.map((step) => [step.step, step]));
  const current = STEPS.find((name) => (byName.get(name)?.outcome ?? 'waiting') === 'waiting');
  const over = test.state === 'failed' || test.state === 'passed' || test.state === 'expired';
  return html`<ol class="test-steps" aria-live="polite">
    ${STEPS.map((name) => html`<${Step} key=${name} name=${name} step=${byName.get(name) ?? { outcome: 'waiting', detail: '' }} running=${!over && name === current} over=${over} address=${address} anonymous=${anonymous} />`)}
  </ol>`;
}

function Step({ name, step, running, over, address, anonymous }) {
  if (step.outcome === 'passed') {
    const unasked = name === 'password' && step.detail === 'not asked for';
    return html`<li class="test-step test-passed"><${Icon} name="check-circle-fill" /><div><p class="test-title">${unasked ? 'No password asked for' : PASSED[name]}</p>${step.detail && !unasked && html`<p class="test-detail">${step.detail}</p>`}</div></li>`;
  }
  if (step.outcome === 'failed') {
    const words = step.fault === 'unauthorized' && anonymous ? ASKED : faultWords(step.fault);
    const title = words === ASKED ? ASKED.problem : step.fault === 'no-such-path' ? `No stream at ${pathOf(address)}` : FAILED[step.fault] ?? words.problem;
    const detail = words === ASKED ? '' : sayDetail(step, title);
    return html`<li class="test-step test-failed"><${Icon} name="x-circle-fill" /><div><p class="test-title">${title}</p>
      ${detail && html`<p class="test-detail">${detail}</p>`}${step.fault !== 'no-such-path' && html`<p class="test-detail"><b>${words.remedy}</b></p>`}</div></li>`;
  }
  const note = step.outcome === 'not-tried' || over ? 'not tried' : '';
  return html`<li class=${running ? 'test-step test-running' : 'test-step test-waiting'}><${Icon} name="circle-dashed" /><div><p class="test-title">${running ? WAITING[name] : NAMES[name]}${note && html` <span class="test-note">${note}</span>`}</p></div></li>`;
}

/** What the camera or the network said, as a sentence; nothing when the title has said it. */
function sayDetail({ fault, detail }, title) {
  const text = (detail ?? '').replace(/ \(os error \d+\)$/, '');
  if (!text || text.toLowerCase() === title.toLowerCase()) return '';
  if (/^\d{3}$/.test(text) || fault === 'not-rtsp') return `It answered “${text}”.`;
  return text;
}

/** Why a test whose steps have all passed goes on: its picture is refused while the server's disk is full. @param {{home: any, test: any}} props */
export function NoRoom({ home, test }) {
  const { data: homeDoc } = useHome(home.id);
  const waits = test?.state === 'running' && test.steps.length === STEPS.length && test.steps.every(({ outcome }) => outcome === 'passed');
  if (!waits || !homeDoc?.disk.full_since) return null;
  return html`<div class="notice notice-warn" role="status"><${Icon} name="hard-drives" /><p><b>The camera works, but the server has no room for its first picture.</b> Make room on the server’s disk, and it comes.</p></div>`;
}

/** Makers' paths, one tap each. @param {{onPick: (path: string) => void, tried: string[]}} props */
export function MakersPaths({ onPick, tried }) {
  return html`
    <section class="makers">
      <h2>Try another path</h2>
      <p class="soft">Each maker has its own. One tap tests it.</p>
      <ul class="card makers-list">
        ${makersPaths.filter(({ path }) => !tried.includes(path)).map(({ maker, path }) => html`<li key=${path}><button type="button" onClick=${() => onPick(path)}><span><small>${maker}</small><code>${path}</code></span><${Icon} name="caret-right" /></button></li>`)}
      </ul>
    </section>`;
}

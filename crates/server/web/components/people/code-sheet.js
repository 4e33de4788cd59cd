import { api } from '../../lib/api.js';
import { useSecondsUntil } from '../../lib/clockwork.js';
import { askWords } from '../../lib/codes.js';
import { peoplePath, usePeople } from '../../lib/home.js';
import { html, useState } from '../../lib/html.js';
import { aRole } from '../../lib/people.js';
import { refresh } from '../../lib/query.js';
import { ProblemLine } from '../feedback/states.js';
import { toast } from '../feedback/toast.js';
import { Copy } from '../form/copy.js';
import { Icon } from '../icon/icon.js';
import { Modal } from '../overlay/dialog.js';
import { Qr } from '../picture/qr.js';

/** So long a code lives. */
const LIFE_S = 15 * 60;

const codePath = (home, id) => `/homes/${encodeURIComponent(home)}/invitation-codes/${encodeURIComponent(id)}`;

/** When the code ends by this browser's clock, which may be wrong by more than a code's life. @param {number} expiresAt milliseconds */
export function endOf(expiresAt) {
  const local = Date.now() + LIFE_S * 1000;
  return Math.abs(expiresAt - local) < 60_000 ? Math.min(expiresAt, local) : local;
}

/**
 * The code, for somebody who stands beside; and who asks to join by it, as soon as somebody does.
 * @param {{home: any, code: {id: string, link: string, qr_svg: string, role: any, endsAt: number}, onClose: () => void}} props
 */
export function ShownCode({ home, code, onClose }) {
  const { data: people } = usePeople(home.id);
  const left = useSecondsUntil(code.endsAt);
  const row = people?.codes.find(({ id }) => id === code.id);
  if (row?.asks) return html`<${Asked} home=${home} code=${row} onClose=${onClose} />`;
  if (left === 0) {
    return html`
      <div class="stack"><p class="soft">The code has ended. Nobody can use it any more.</p>
        <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Close</button></div></div>`;
  }
  return html`
    <div class="stack">
      <p class="soft">Let them take a picture of it with their phone. They sign in or make an account, and you see here who it is before they get in.</p>
      <${Qr} svg=${code.qr_svg} alt="QR code of the link" />
      <p class="pair-left"><span><b class="num">${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}</b> <span class="soft">left</span></span><span class="soft">works once, as ${aRole(code.role)}</span></p>
      <div class="pair-wait"><${Icon} name="circle-dashed" class="icon-turns" /><div><b>Waiting for somebody to use it</b><span class="soft">The code opens nothing by itself: you confirm.</span></div></div>
      <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Close</button><${Copy} text=${code.link} label="Copy the link" class="btn">Copy the link<//></div>
    </div>`;
}

/** Who asks, and the two answers. */
function Asked({ home, code, onClose }) {
  const [state, setState] = useState({ busy: false, problem: null });
  const words = askWords(code, home.name);
  const answer = (act, said) => async () => {
    setState({ busy: true, problem: null });
    try {
      await act();
      toast(said);
      refresh((path) => path === peoplePath(home.id));
      onClose();
    } catch (problem) {
      setState({ busy: false, problem });
      refresh((path) => path === peoplePath(home.id));
    }
  };
  const path = codePath(home.id, code.id);
  const confirm = answer(() => api('POST', `${path}/confirm`, { body: { email: code.asks.email } }), `${code.asks.name} is a member now.`);
  const refuse = answer(() => api('DELETE', path), 'Refused. The code no longer works.');
  return html`
    <div class="stack" role="status">
      <p><b>${words.who}</b></p>
      <p class="soft">${words.check}</p>
      ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
      <div class="dialog-buttons"><button type="button" class="btn btn-danger" disabled=${state.busy} onClick=${refuse}>Refuse</button><button type="button" class="btn btn-primary" disabled=${state.busy} onClick=${confirm}>Confirm</button></div>
    </div>`;
}

/** The question for who waits in the list. @param {{home: any, code: any, onClose: () => void}} props */
export function AskDialog({ home, code, onClose }) {
  return html`<${Modal} title=${askWords(code, home.name).title} onClose=${onClose}><${Asked} home=${home} code=${code} onClose=${onClose} /><//>`;
}

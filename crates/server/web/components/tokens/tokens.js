import { api } from '../../lib/api.js';
import { useNow } from '../../lib/clockwork.js';
import { tokensPath, useTokens } from '../../lib/home.js';
import { html, useRef, useState } from '../../lib/html.js';
import { refresh } from '../../lib/query.js';
import { viewerZone } from '../../lib/time.js';
import { tokenWords } from '../../lib/tokens.js';
import { count } from '../../lib/words.js';
import { Busy, ProblemLine, Skeleton, Unverified } from '../feedback/states.js';
import { toast } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';
import { TokenSheet } from './token-sheet.js';

const ofTokens = (path) => path === tokensPath;

/** Programs that act for the account: the tokens, the way to make one, and to end one. @param {{email: string}} props */
export function Tokens({ email }) {
  const { data, problem: unread, retryAt, reload } = useTokens();
  const [making, setMaking] = useState(false);
  const [state, setState] = useState({ busy: false, problem: null });
  const heading = useRef(null);
  const now = useNow() * 1000;
  const list = data?.tokens;
  const end = (id) => async () => {
    setState({ busy: true, problem: null });
    try {
      const gone = await api('DELETE', `${tokensPath}/${encodeURIComponent(id)}`).then(() => false, (failure) => {
        if (failure.notFound) return true;
        throw failure;
      });
      // Its button goes with it.
      heading.current?.focus({ preventScroll: true });
      toast(gone ? 'It had ended already.' : 'Ended. The program is let in no more.');
      setState({ busy: false, problem: null });
    } catch (problem) {
      setState({ busy: false, problem });
    }
    refresh(ofTokens);
  };
  return html`
    <section class="settings-part">
      <div><h2 ref=${heading} class="sessions-title" tabindex="-1">Programs</h2><p class="settings-intro">A token lets a program act for you, such as home automation, within what you let it do. It never touches your account itself.</p></div>
      <div class="settings-body">
        ${data?.unverified > 0 && html`<${Unverified} what=${count(data.unverified, 'token')} />`}
        ${list?.length > 0 && html`<ul class="card tokens">${list.map((token) => html`<${TokenRow} key=${token.id} token=${token} now=${now} busy=${state.busy} onEnd=${end(token.id)} />`)}</ul>`}
        ${list?.length === 0 && html`<p class="soft">No program has a token.</p>`}
        <${Skeleton} loading=${!list && !unread}><ul class="card tokens"><li><div class="session-bones"><span class="bone bone-title"></span><span class="bone bone-text"></span></div></li></ul><//>
        ${retryAt ? html`<${Busy} retryAt=${retryAt} />` : unread && html`<${ProblemLine} problem=${unread} />`}
        ${state.problem && html`<${ProblemLine} problem=${state.problem} />`}
        <div class="form-buttons">
          ${unread && !retryAt && html`<button type="button" class="btn" onClick=${reload}><${Icon} name="arrow-clockwise" />Try again</button>`}
          <button type="button" class="btn" onClick=${() => setMaking(true)}><${Icon} name="plus" />Make a token</button>
        </div>
        ${making && html`<${TokenSheet} email=${email} onMade=${() => refresh(ofTokens)} onClose=${() => setMaking(false)} />`}
      </div>
    </section>`;
}

function TokenRow({ token, now, busy, onEnd }) {
  const words = tokenWords(token, viewerZone(), now);
  return html`
    <li>
      <${Icon} name="key" class="token-icon" />
      <div class="token-text"><p><b>${token.name}</b></p><small>${words.may}</small><small>${words.span}, ${words.used}</small></div>
      <button type="button" class="btn" aria-label=${words.end} disabled=${busy} onClick=${onEnd}>End</button>
    </li>`;
}

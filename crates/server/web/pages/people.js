import { Busy, ProblemLine, ProblemPage, Skeleton, Unverified } from '../components/feedback/states.js';
import { toast } from '../components/feedback/toast.js';
import { Icon } from '../components/icon/icon.js';
import { Confirm, Sheet } from '../components/overlay/dialog.js';
import { CameraPeople } from '../components/people/camera-people.js';
import { AskDialog } from '../components/people/code-sheet.js';
import { InviteSheet } from '../components/people/invite-sheet.js';
import { MemberTable } from '../components/people/member-table.js';
import { ShareSheet } from '../components/people/share-sheet.js';
import { ShareTable } from '../components/people/share-table.js';
import { useShareChange } from '../components/people/use-share-change.js';
import { NoChain, WhyMember, WhyShare } from '../components/people/why-panel.js';
import { Page } from '../components/shell/page.js';
import { api } from '../lib/api.js';
import { useNow } from '../lib/clockwork.js';
import { mePath, peoplePath, startAnew, useCameras, usePeople } from '../lib/home.js';
import { html, useState } from '../lib/html.js';
import { aRole, gotKeys, invitableBy, leaveWords, leaving, removeWords, roleQuestion, shortName, waitingWords, whyOf, whyText } from '../lib/people.js';
import { refresh } from '../lib/query.js';
import { goBack, navigate, place } from '../lib/router.js';
import { whyIs } from '../lib/shares.js';
import { useStore } from '../lib/store.js';
import { count } from '../lib/words.js';

/** People: the members of the home, who waits to become one, and why each sees each camera. @param {{home: any}} props */
export function PeoplePage({ home }) {
  const { data: people, problem, retryAt, reload } = usePeople(home.id);
  const cameras = useCameras(home.id);
  const { path, query } = useStore(place);
  const now = useNow() * 1000;
  // Which sheet is open: to invite a member, or to share a camera.
  const [sheet, setSheet] = useState(null);
  const change = useChange(home, people?.members ?? [], cameras.data?.cameras.length ?? 0);

  const asked = whyOf(query.get('why'));
  const list = cameras.data?.cameras;
  const why = people && list ? whyIs(asked, people, list) : null;
  const chain = why && !why.none ? why : null;
  const hrefOf = (text) => `${path}?why=${text}`;
  const close = () => goBack(path);
  const shareChange = useShareChange(home, people ?? { members: [], shares: [] }, (id) => asked?.grant === id && close());
  // From one person to the next the panel stays one step of the history, so that closing it is always Back.
  const show = (text) => {
    if (!asked) navigate(hrefOf(text));
    else if (text !== whyText(asked.grant, asked.camera)) navigate(hrefOf(text), { replace: true });
  };
  const pick = (event, text) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    show(text);
  };
  const may = people && invitableBy(people.role).length > 0;
  const mayShare = may && list?.length > 0;
  const invite = () => setSheet('invite');
  const share = () => setSheet('share');
  return html`
    <${Page} title="People" home=${home} ready=${Boolean(people && list)} class=${chain ? 'people-page people-beside' : 'people-page'}
      heading=${may && html`<div class="page-head-end wide-only">
        ${mayShare && html`<button type="button" class="btn" onClick=${share}><${Icon} name="share-network" />Share a camera</button>`}
        <button type="button" class="btn btn-primary" onClick=${invite}><${Icon} name="plus" />Invite a member</button></div>`}
      actions=${may && html`
        ${mayShare && html`<button type="button" class="icon-btn" aria-label="Share a camera" onClick=${share}><${Icon} name="share-network" class="icon-24" /></button>`}
        <button type="button" class="icon-btn" aria-label="Invite a member" onClick=${invite}><${Icon} name="plus" class="icon-24" /></button>`}>
      <div class="people-main">
        ${retryAt && html`<${Busy} retryAt=${retryAt} />`}
        ${!people && problem && !retryAt && html`<${ProblemPage} problem=${problem} onRetry=${reload} />`}
        <${Skeleton} loading=${!people && !problem}><div class="card">${[1, 2, 3].map((n) => html`<div key=${n} class="person person-bone"><span class="bone avatar"></span><div><span class="bone bone-title"></span><span class="bone bone-text"></span></div></div>`)}</div><//>
        ${people?.unverified > 0 && html`<${Unverified} what=${count(people.unverified, 'entry', 'entries')} />`}
        ${people?.waiting_devices.length > 0 && html`<${Waiting} names=${people.waiting_devices} />`}
        ${[change, shareChange].map(({ problem: failed }, n) => failed && html`<${ProblemLine} key=${n} problem=${failed} />`)}
        ${why?.none && html`<${NoChain} ...${why.none} onClose=${close} />`}
        ${people && html`<${MemberTable} home=${home} people=${people} cameras=${list} now=${now} marked=${chain?.member?.id ?? null} onRole=${change.role} onRemove=${change.remove} onLeave=${change.leave} onWithdraw=${change.withdraw} onCode=${change.code} />`}
        ${may && (mayShare || people.shares.length > 0) && html`<${ShareTable} home=${home} people=${people} now=${now} marked=${chain?.share?.id ?? null} hrefOf=${hrefOf} onPick=${pick} onWhy=${show} change=${shareChange} onShare=${share} />`}
        ${people && list && html`<${CameraPeople} people=${people} cameras=${list} why=${query.get('why')} hrefOf=${hrefOf} onPick=${pick} />`}
      </div>
      ${chain?.member && html`<${WhyMember} member=${chain.member} camera=${chain.camera} members=${people.members} home=${home} onClose=${close} />`}
      ${chain?.share && html`<${WhyShare} share=${chain.share} people=${people} camera=${chain.camera} home=${home} now=${now} onChange=${() => shareChange.edit(chain.share)} onEnd=${() => shareChange.endNow(chain.share)} onClose=${close} />`}
      ${sheet === 'invite' && html`<${InviteSheet} home=${home} role=${people.role} onClose=${() => setSheet(null)} />`}
      ${sheet === 'share' && html`<${ShareSheet} home=${home} cameras=${list} onClose=${() => setSheet(null)} />`}
      ${change.dialog}${shareChange.dialog}
    <//>`;
}

function Waiting({ names }) {
  const { title, text } = waitingWords(names);
  return html`<div class="notice notice-warn"><${Icon} name="key" /><p><b>${title}</b> ${text}</p></div>`;
}

/**
 * What may be done to members and invitations, with the question before what cannot be undone.
 * @param {any} home
 * @param {any[]} members
 * @param {number} cameras
 */
function useChange(home, members, cameras) {
  const [asking, setAsking] = useState(null);
  const [problem, setProblem] = useState(null);
  const base = `/homes/${encodeURIComponent(home.id)}`;
  const renew = () => refresh((path) => path === peoplePath(home.id) || path === mePath);
  const done = (text) => {
    renew();
    toast(text);
  };
  // What is not asked about first has no dialog to say that it failed.
  const now = (act) => {
    setProblem(null);
    act().catch((failure) => {
      setProblem(failure);
      renew();
    });
  };
  const setRole = (member, role) => async () => {
    await api('PATCH', `${base}/members/${member.id}`, { body: { role } });
    done(`${shortName(member, members)} is ${aRole(role)} now.`);
  };
  const remove = (member) => async () => {
    const { cameras: renewed } = await api('DELETE', `${base}/members/${member.id}`);
    done(`${shortName(member, members)} removed. ${gotKeys(renewed)}`.trim());
  };
  const leave = async () => {
    await api('DELETE', `${base}/members/${members.find(({ you }) => you).id}`);
    toast(`You left ${home.name}.`);
    await startAnew();
  };
  const end = () => setAsking(null);
  return {
    problem,
    dialog: asking?.code ? html`<${AskDialog} home=${home} code=${asking.code} onClose=${end} />` : asking?.handOver ? html`<${HandOver} home=${home} onClose=${end} />` : asking && html`<${Confirm} title=${asking.title} verb=${asking.verb} danger=${asking.danger ?? true} onConfirm=${asking.act} onClose=${end}><p>${asking.text}</p><//>`,
    role: (member, role) => {
      const question = roleQuestion(shortName(member, members), role, cameras);
      if (question) setAsking({ ...question, act: setRole(member, role) });
      else now(setRole(member, role));
    },
    remove: (member) => setAsking({ ...removeWords(shortName(member, members), cameras), act: remove(member) }),
    leave: () => setAsking(leaving(members) === 'hand-over' ? { handOver: true } : { ...leaveWords(home.name), act: leave }),
    code: (code) => (code.asks ? setAsking({ code }) : now(async () => {
      await api('DELETE', `${base}/invitation-codes/${code.id}`);
      done('QR code withdrawn. It no longer works.');
    })),
    withdraw: ({ id, email }) => now(async () => {
      await api('DELETE', `${base}/invitations/${id}`);
      done(`Invitation for ${email} withdrawn. Its link no longer works.`);
    }),
  };
}

function HandOver({ home, onClose }) {
  return html`
    <${Sheet} title="Hand over first" onClose=${onClose}>
      <p class="soft">You are the only owner of ${home.name}, and a home keeps one. Make another member owner, then leave; or delete the home on its page <a class="link" href=${`/h/${home.id}/home`}>Home</a>.</p>
      <div class="dialog-buttons"><button type="button" class="btn" onClick=${onClose}>Close</button></div>
    <//>`;
}

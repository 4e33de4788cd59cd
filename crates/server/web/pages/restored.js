import { ProblemLine, ProblemPage, Skeleton } from '../components/feedback/states.js';
import { toast } from '../components/feedback/toast.js';
import { Icon } from '../components/icon/icon.js';
import { Confirm } from '../components/overlay/dialog.js';
import { Page } from '../components/shell/page.js';
import { api } from '../lib/api.js';
import { homePath, mePath, startAnew } from '../lib/home.js';
import { html, useState } from '../lib/html.js';
import { aRole, sinceSaid } from '../lib/people.js';
import { refresh, useQuery } from '../lib/query.js';
import { backupSaid, confirmWords, goes, nobodyTicked, stays, toggled, waitingWords } from '../lib/restored.js';
import { camerasSaid } from '../lib/shares.js';
import { viewerZone, when } from '../lib/time.js';
import { useWhileVisible } from '../lib/visible.js';

/** In the place of every page of a home that came back from a backup. @param {{waiting: import('../lib/restored.js').Waiting}} props */
export function RestoredPage({ waiting }) {
  return waiting.role === 'owner' ? html`<${ForOwner} waiting=${waiting} />` : html`<${ForOthers} waiting=${waiting} />`;
}

/** A plain page, not an error: what happened, and who must act. */
function ForOthers({ waiting }) {
  const { title, text } = waitingWords(waiting);
  const look = () => refresh((path) => path === mePath);
  useWhileVisible(look);
  const zone = viewerZone();
  return html`
    <${Page} title=${title} barTitle="Restored from a backup" ofHome=${false} class="restored">
      <section class="state">
        <${Icon} name="lock-simple" class="state-icon" />
        <p class="state-text">${text}</p>
        <p class="state-text">You need to do nothing. Cameras go on recording, and what they recorded is kept. This page opens by itself.</p>
        <button type="button" class="btn" onClick=${look}><${Icon} name="arrow-clockwise" />Look again</button>
        <p class="meta">The backup is of ${backupSaid(waiting.as_of, zone, Date.now() * 1000)}.</p>
      </section>
    <//>`;
}

function ForOwner({ waiting }) {
  const path = `${homePath(waiting.home_id)}/restored`;
  const { data: home, problem, reload } = useQuery(path);
  // Somebody else may have confirmed it meanwhile.
  useWhileVisible(() => refresh((asked) => asked === mePath));
  return html`
    <${Page} title=${`Who still belongs to ${waiting.name}?`} barTitle=${waiting.name} ofHome=${false} ready=${Boolean(home)} class="restored">
      ${!home && problem && html`<${ProblemPage} problem=${problem} onRetry=${reload} />`}
      <${Skeleton} loading=${!home && !problem}><div class="card">${[1, 2, 3].map((n) => html`<div key=${n} class="person person-bone"><span class="bone avatar"></span><div><span class="bone bone-title"></span><span class="bone bone-text"></span></div></div>`)}</div><//>
      ${home && html`<${Choice} home=${home} path=${path} onStale=${reload} />`}
    <//>`;
}

function Choice({ home, path, onStale }) {
  const [ticked, setTicked] = useState(() => nobodyTicked(home));
  const [asking, setAsking] = useState(false);
  const [stale, setStale] = useState(null);
  const now = Date.now() * 1000;
  const backup = backupSaid(home.as_of, home.zone, now);
  const { people, devices } = goes(home, ticked);
  const toggle = (part) => (id) => setTicked(toggled(ticked, part, id));
  const confirm = async () => {
    try {
      await api('POST', path, { body: ticked });
    } catch (problem) {
      // The list is another by now: it is drawn anew, and asked again.
      if (problem.code !== 'invalid') throw problem;
      setStale(problem);
      onStale();
      return;
    }
    toast(`${home.name} is open again.`);
    await startAnew();
  };
  return html`
    <p class="restored-lead">This server was restored from a backup of <b>${backup}</b>. Whoever you removed after that is in this list again. <b>Tick who still belongs to your home.</b> Until you confirm, nobody sees anything of it; cameras go on recording.</p>
    ${stale && html`<${ProblemLine} problem=${stale} />`}
    <div class="stack restored-parts">
      <${Part} title="Members" about="see every camera" items=${home.members.map((member) => ({ id: member.id, name: member.you ? `${member.name}, you` : member.name, about: `${member.email}, ${aRole(member.role)}, since ${sinceSaid(member.since, home.zone)}`, fixed: stays(member) }))} ticked=${ticked.members} onToggle=${toggle('members')} />
      <${Part} title="Shared with" about="people outside the home" items=${home.shares.map((share) => ({ id: share.id, name: share.name, about: `${share.email}, ${camerasSaid(share.cameras)}` }))} ticked=${ticked.shares} onToggle=${toggle('shares')} />
      <${Part} title="Devices" about="send what cameras record" items=${home.devices.map((device) => ({ id: device.id, name: device.name, about: device.seen_at ? `last heard of ${when(device.seen_at, home.zone, now)}` : 'not heard of yet', fixed: stays(device) }))} ticked=${ticked.devices} onToggle=${toggle('devices')} />
      <p class="soft">Roles, what a share allows, and passwords are those of the backup, too. If you changed your password because somebody knew it, change it again under Account before you confirm; look at People afterwards.</p>
      <div class="restored-end"><button type="button" class="btn btn-primary" onClick=${() => setAsking(true)}>Confirm and open ${home.name}</button></div>
    </div>
    ${asking && html`
      <${Confirm} title=${`Open ${home.name} again?`} verb="Confirm" danger=${people.length + devices.length > 0} onConfirm=${confirm} onClose=${() => setAsking(false)}>
        ${confirmWords(home, ticked).map((sentence) => html`<p key=${sentence}>${sentence}</p>`)}
      <//>`}`;
}

function Part({ title, about, items, ticked, onToggle }) {
  if (!items.length) return null;
  return html`
    <fieldset class="restored-part">
      <legend class="label">${title} <span class="soft">${about}</span></legend>
      <div class="ticks">
        ${items.map(({ id, name, about: line, fixed }) => html`<label class="tick" key=${id}><input type="checkbox" checked=${ticked.includes(id)} disabled=${fixed} onChange=${() => onToggle(id)} /><span><b>${name}</b><small>${line}</small></span></label>`)}
      </div>
    </fieldset>`;
}

import { html, useEffect, useState } from '../../lib/html.js';
import { clock, dateName, dayOf, viewerZone } from '../../lib/time.js';
import { Icon } from '../icon/icon.js';
import { Front } from '../shell/front.js';

/**
 * The server's recovery sheet, shown once, for paper.
 * @param {{sheet: {installation: string, created_at: number, master_key: string, words: string[]}, onStored: () => Promise<void>, next?: string}} props `next`: where it goes on to
 */
export function RecoverySheet({ sheet, onStored, next = 'Continue to my home' }) {
  const [stored, setStored] = useState(false);
  const [busy, setBusy] = useState(false);
  // Which of two sheets of one server is the newer one.
  const [shown] = useState(() => Date.now() * 1000);
  useEffect(() => {
    const warn = (event) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, []);
  const zone = viewerZone();
  return html`
    <${Front} title="Recovery sheet" wide lead="Shown once, and never again. Print it, or write it down, and keep it where you keep other keys.">
      <article class="sheet-paper">
        <header class="sheet-head"><${Icon} name="mark" class="icon-24" /><b>Ownsight recovery sheet</b></header>
        <dl class="sheet-facts"><div><dt>Server</dt><dd class="mono">${location.host}</dd></div><div><dt>Installation</dt><dd class="mono">${sheet.installation}</dd></div><div><dt>Server made</dt><dd>${dateName(dayOf(sheet.created_at, zone), { thisYear: '-' })}, ${clock(sheet.created_at, zone)}</dd></div><div><dt>Sheet shown</dt><dd>${dateName(dayOf(shown, zone), { thisYear: '-' })}, ${clock(shown, zone)}</dd></div></dl>
        <h2>Master key</h2>
        <ol class="sheet-key mono" aria-label="64 hexadecimal digits, in groups of four">${groupsOf(sheet.master_key).map((group, i) => html`<li key=${i}>${group}</li>`)}</ol>
        <p class="sheet-note">To restore: put the backup of the data folder in its place, run <code>ownsight master-key restore</code> on the server's machine, type these 64 digits row by row, and start the server.</p>
        <p class="sheet-note sheet-more">With this and a backup of the data folder, this server can be brought back. Without it, a lost master key means that no backup opens. Who has both can open every home of this server.</p>
      </article>
      <div class="sheet-actions stack">
        <div><button type="button" class="btn" onClick=${() => window.print()}><${Icon} name="printer" />Print</button></div>
        <label class="check"><input type="checkbox" checked=${stored} onChange=${(event) => setStored(event.currentTarget.checked)} /><span>I have it on paper, or in a safe place that is not this server.</span></label>
        <button type="button" class="btn btn-primary front-button" disabled=${!stored || busy} onClick=${() => { setBusy(true); onStored(); }}>${next}</button>
      </div>
    <//>`;
}

/** Sixteen groups of four: as they are read aloud and typed. @param {string} key */
function groupsOf(key) {
  return key.match(/.{1,4}/g) ?? [];
}

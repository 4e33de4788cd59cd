import { html, useEffect, useState } from '../../lib/html.js';
import { clock, dateName, dayOf, viewerZone } from '../../lib/time.js';
import { Icon } from '../icon/icon.js';
import { Front } from '../shell/front.js';

/**
 * The server's recovery sheet, shown once, for paper.
 * @param {{sheet: {installation: string, created_at: number, master_key: string, words: string[]}, onStored: () => Promise<void>}} props
 */
export function RecoverySheet({ sheet, onStored }) {
  const [stored, setStored] = useState(false);
  const [busy, setBusy] = useState(false);
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
        <dl class="sheet-facts"><div><dt>Installation</dt><dd class="mono">${sheet.installation}</dd></div><div><dt>Made</dt><dd>${dateName(dayOf(sheet.created_at, zone), { thisYear: '-' })}, ${clock(sheet.created_at, zone)}</dd></div></dl>
        <h2>Master key</h2>
        <p class="sheet-key mono">${sheet.master_key}</p>
        ${sheet.words?.length > 0 && html`<h2>The same key in words</h2><ol class="sheet-words">${sheet.words.map((word, i) => html`<li key=${i}><span class="num">${i + 1}</span><b>${word}</b></li>`)}</ol>`}
        <p class="sheet-note">With this and a backup of the data folder, this server can be brought back. Without it, a lost master key means that no backup opens. Who has both can open every home of this server.</p>
      </article>
      <div class="sheet-actions stack">
        <div><button type="button" class="btn" onClick=${() => window.print()}><${Icon} name="printer" />Print</button></div>
        <label class="check"><input type="checkbox" checked=${stored} onChange=${(event) => setStored(event.currentTarget.checked)} /><span>I have it on paper, or in a safe place that is not this server.</span></label>
        <button type="button" class="btn btn-primary front-button" disabled=${!stored || busy} onClick=${() => { setBusy(true); onStored(); }}>Continue to my home</button>
      </div>
    <//>`;
}

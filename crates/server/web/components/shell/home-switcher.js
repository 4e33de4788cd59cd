import { useMe } from '../../lib/home.js';
import { classes, html, useRef } from '../../lib/html.js';
import { place } from '../../lib/router.js';
import { useStore } from '../../lib/store.js';
import { roleWords } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';
import { Popover, usePopover } from '../overlay/popover.js';

/** The home of the present address, else the account's first. @param {any} me @param {string} path */
export function homeOf(me, path) {
  const id = /^\/h\/([^/]+)/.exec(path)?.[1];
  return me?.homes?.find((home) => home.id === id) ?? (id ? null : me?.homes?.[0]) ?? null;
}

/**
 * Whose it is, always in sight. With several homes it opens the choice; with one it is a plain name.
 * @param {{look: 'rail' | 'phone'}} props
 */
export function HomeSwitcher({ look }) {
  const { data: me } = useMe();
  const { path } = useStore(place);
  const anchor = useRef(null);
  const popover = usePopover();
  const home = homeOf(me, path);
  if (!home) return me && look === 'rail' ? null : html`<span class=${`home-name home-name-${look}`}>${me ? 'Ownsight' : ''}</span>`;
  const several = me.homes.length > 1;
  const inside = look === 'rail'
    ? html`<span class="home-text"><b>${home.name}</b><small>${roleWords(home.role)}</small></span>${several && html`<${Icon} name="caret-up-down" />`}`
    : html`<b>${home.name}</b>${several && html`<${Icon} name="caret-down" />`}`;
  if (!several) return html`<span class=${`home-name home-name-${look}`}>${inside}</span>`;
  return html`
    <button ref=${anchor} type="button" class=${`home-name home-name-${look}`} aria-haspopup="menu" aria-expanded=${popover.open} onClick=${popover.toggle}>${inside}</button>
    <${Popover} anchor=${anchor} open=${popover.open} onClose=${popover.close} label="Homes" role="menu" align="start" class="menu">
      ${me.homes.map((other) => html`<a key=${other.id} class=${classes('menu-item')} role="menuitem" href=${`/h/${other.id}/events`} aria-current=${other.id === home.id ? 'true' : undefined} onClick=${popover.close}>
        <${Icon} name="house" /><span>${other.name}</span>${other.id === home.id && html`<${Icon} name="check" class="menu-check" />`}</a>`)}
    <//>`;
}

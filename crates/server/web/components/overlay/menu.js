import { classes, html, useRef } from '../../lib/html.js';
import { Icon } from '../icon/icon.js';
import { Popover, usePopover } from './popover.js';

/**
 * @typedef {{label: string, icon?: string, href?: string, download?: string, danger?: boolean, checked?: boolean, onSelect?: () => void}} Item
 */

/**
 * A button that opens a menu. Arrows move, Home and End jump, a letter finds, Esc closes.
 * @param {{label: string, items: Item[], icon?: string, class?: string, align?: 'start' | 'end', children?: any}} props
 */
export function Menu({ label, items, icon = 'dots-three', class: extra = 'icon-btn', align = 'end', children }) {
  const anchor = useRef(null);
  const popover = usePopover();
  const pick = (item) => {
    popover.close();
    // A dialog that follows gives the focus back to where it was.
    anchor.current?.focus({ preventScroll: true });
    item.onSelect?.();
  };
  return html`
    <button ref=${anchor} type="button" class=${extra} aria-haspopup="menu" aria-expanded=${popover.open} aria-label=${label} onClick=${popover.toggle}>
      ${children ?? html`<${Icon} name=${icon} class="icon-24" />`}
    </button>
    <${Popover} anchor=${anchor} open=${popover.open} onClose=${popover.close} label=${label} role="menu" align=${align} class="menu">
      <div onKeyDown=${move} role="presentation">
        ${items.map((item) => html`<${MenuItem} key=${item.label} item=${item} onPick=${() => pick(item)} />`)}
      </div>
    <//>`;
}

function MenuItem({ item, onPick }) {
  const inside = html`${item.icon && html`<${Icon} name=${item.icon} />`}<span>${item.label}</span>${item.checked && html`<${Icon} name="check" class="menu-check" />`}`;
  const look = classes('menu-item', item.danger && 'menu-danger');
  if (item.href) return html`<a class=${look} role="menuitem" href=${item.href} download=${item.download} onClick=${onPick}>${inside}</a>`;
  const role = item.checked === undefined ? 'menuitem' : 'menuitemradio';
  return html`<button type="button" class=${look} role=${role} aria-checked=${item.checked} onClick=${onPick}>${inside}</button>`;
}

function move(event) {
  const items = [...event.currentTarget.querySelectorAll('.menu-item')];
  const here = items.indexOf(document.activeElement);
  const to = {
    ArrowDown: (here + 1) % items.length,
    ArrowUp: (here - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  const found = to ?? (event.key.length === 1 ? items.findIndex((item) => item.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase())) : -1);
  if (found < 0) return;
  event.preventDefault();
  items[found].focus();
}

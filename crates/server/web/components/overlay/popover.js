import { classes, html, useEffect, useLayoutEffect, useRef, useState } from '../../lib/html.js';

const MARGIN = 8;

/**
 * Opens and closes a popover. A press on the button while it is open closes it first by itself; that must not open it again.
 */
export function usePopover() {
  const [open, setOpen] = useState(false);
  const closedAt = useRef(0);
  return {
    open,
    toggle: () => setOpen((was) => !was && Date.now() - closedAt.current > 200),
    close: () => {
      closedAt.current = Date.now();
      setOpen(false);
    },
  };
}

/**
 * What floats beside a control; on a phone a sheet from below. Esc and a press outside close it, and the focus returns.
 * @param {{anchor: {current: HTMLElement | null}, open: boolean, onClose: () => void, label: string, role?: string, align?: 'start' | 'end', class?: string, children?: any}} props
 */
export function Popover({ anchor, open, ...props }) {
  return open ? html`<${Opened} anchor=${anchor} ...${props} />` : null;
}

function Opened({ anchor, onClose, label, role = 'dialog', align = 'end', class: extra, children }) {
  const box = useRef(null);
  useLayoutEffect(() => {
    const element = box.current;
    element.showPopover();
    const place = () => placeBeside(element, anchor.current, align);
    place();
    const first = element.querySelector('[data-first], [role=menuitem], [aria-current], button, a[href], input');
    (first ?? element).focus({ preventScroll: true });
    window.addEventListener('resize', place);
    window.addEventListener('scroll', place, { passive: true });
    return () => {
      window.removeEventListener('resize', place);
      window.removeEventListener('scroll', place);
    };
  }, []);
  useEffect(() => {
    const element = box.current;
    const toggled = (event) => {
      if (event.newState === 'closed') onClose();
    };
    element.addEventListener('toggle', toggled);
    return () => element.removeEventListener('toggle', toggled);
  }, []);
  return html`<div ref=${box} class=${classes('popover', extra)} popover="auto" role=${role} aria-label=${label} tabindex="-1">${children}</div>`;
}

function placeBeside(element, anchor, align) {
  if (!anchor) return;
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = element;
  const room = { x: document.documentElement.clientWidth, y: window.innerHeight };
  const left = align === 'end' ? at.right - width : at.left;
  const below = at.bottom + 6;
  const top = below + height + MARGIN > room.y && at.top - 6 - height > MARGIN ? at.top - 6 - height : below;
  element.style.left = `${Math.max(MARGIN, Math.min(left, room.x - width - MARGIN))}px`;
  element.style.top = `${Math.max(MARGIN, Math.min(top, room.y - height - MARGIN))}px`;
}

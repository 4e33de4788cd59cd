import { useEffect, useRef } from './html.js';
import { keysOn } from './settings.js';

const SEQUENCE_MS = 1200;

/** Whether a key press belongs to the control that has it. @param {KeyboardEvent} event */
function taken(event) {
  const target = event.target instanceof Element ? event.target : null;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return true;
  if (target?.closest('input:not([type=range]), textarea, select, [contenteditable], dialog, [popover], [role=menu]')) return true;
  return Boolean(document.querySelector('dialog[open], [popover]:popover-open'));
}

/**
 * Single keys, while the component is on the page and keys are switched on.
 * A sequence is written `g e`. Space on a control stays that control's.
 * @param {Record<string, (event: KeyboardEvent) => void>} map by `KeyboardEvent.key`, lower case
 */
export function useKeys(map) {
  const latest = useRef(map);
  latest.current = map;
  useEffect(() => {
    let prefix = '';
    let until = 0;
    const listen = (event) => {
      if (!keysOn.get() || taken(event)) return;
      const key = event.key.toLowerCase();
      const pair = Date.now() < until ? `${prefix} ${key}` : '';
      prefix = '';
      const own = event.target instanceof Element && event.target.closest('button, a[href], [role=slider]');
      if (own && (key === ' ' || key === 'enter')) return;
      if (own?.getAttribute('role') === 'slider' && key.startsWith('arrow')) return;
      const act = (pair && latest.current[pair]) || latest.current[key];
      if (act) {
        event.preventDefault();
        act(event);
      } else if (Object.keys(latest.current).some((name) => name.startsWith(`${key} `))) {
        prefix = key;
        until = Date.now() + SEQUENCE_MS;
      }
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}

/** Every key, for the help. */
export const keyHelp = [
  { title: 'Player', keys: [['Space', 'play or pause'], ['← →', '1 second'], [', .', 'one frame'], ['[ ]', 'slower, faster'], ['J K', 'older, newer event'], ['D', 'download'], ['F', 'full screen'], ['M', 'mute'], ['Esc', 'back to the list']] },
  { title: 'Everywhere', keys: [['/', 'filter events'], ['G then E', 'Events'], ['G then C', 'Cameras'], ['G then P', 'People'], ['G then H', 'Home'], ['G then S', 'Shared with you'], ['G then A', 'Account'], ['?', 'this help']] },
];

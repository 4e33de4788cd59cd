import { announce } from '../../lib/announce.js';
import { html } from '../../lib/html.js';
import { toast } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';

/** Copies a text. With children it is a button of words, else an icon. @param {{text: string, label: string, class?: string, children?: any}} props */
export function Copy({ text, label, class: look = 'icon-btn', children }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast('Copied.');
    } catch {
      announce('Could not be copied');
    }
  };
  return html`<button type="button" class=${look} aria-label=${children ? undefined : label} onClick=${copy}><${Icon} name="copy" />${children}</button>`;
}

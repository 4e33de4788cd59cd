import { html } from '../../lib/html.js';

const SPRITE = new URL('../../icons/sprite.svg', import.meta.url).pathname;

/**
 * An icon of the sprite. Never the only bearer of a meaning: words stand beside it, or the control around it has a name.
 * @param {{name: string, class?: string}} props
 */
export function Icon({ name, class: extra = '' }) {
  return html`<svg class=${`icon ${extra}`} viewBox="0 0 256 256" aria-hidden="true" focusable="false"><use href=${`${SPRITE}#${name}`} /></svg>`;
}

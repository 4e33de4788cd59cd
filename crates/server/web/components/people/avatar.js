import { classes, html } from '../../lib/html.js';
import { initials } from '../../lib/people.js';

/** A person as two letters; the name stands beside it. @param {{person: {name: string, you?: boolean}, class?: string}} props */
export function Avatar({ person, class: extra }) {
  return html`<span class=${classes('avatar', !person.you && 'avatar-other', extra)} aria-hidden="true">${initials(person.name)}</span>`;
}

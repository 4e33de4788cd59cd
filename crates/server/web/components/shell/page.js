import { html, useEffect, useLayoutEffect, useRef } from '../../lib/html.js';
import { goBack, leftAt, place } from '../../lib/router.js';
import { Icon } from '../icon/icon.js';
import { HomeSwitcher } from './home-switcher.js';

/** The page that was last arrived at, so that a change of filter is not taken for a new page. */
let arrived = '';

/**
 * The frame of every page: title, heading, and what happens on arrival. A new page takes the focus to its `h1`; Back restores scroll and card.
 * @param {{title: string, home?: {id: string, name: string}, ofHome?: boolean, barTitle?: string, heading?: any, parent?: string, actions?: any, ready?: boolean, class?: string, plainHeading?: boolean, children?: any}} props
 * `ofHome`: else the phone's bar shows the title in place of a home; `ready`: what the page shows is here, so that a scroll position can be restored; `parent`: where the phone's back arrow leads; `barTitle`: what stands beside it, if not the title; `plainHeading`: the page draws its own `h1`
 */
export function Page({ title, home, ofHome = true, barTitle = title, heading, parent, actions, ready = true, class: extra = '', plainHeading = false, children }) {
  const box = useRef(null);
  useEffect(() => {
    document.title = [title, home?.name, 'Ownsight'].filter(Boolean).join(' · ');
  }, [title, home?.name]);
  useArrival(box, ready);
  return html`
    <div ref=${box} class=${`page ${extra}`}>
      <header class="phone-bar">
        ${parent
          ? html`<${BackLink} parent=${parent} /><p class="phone-bar-title" aria-hidden="true">${barTitle}</p>`
          : ofHome ? html`<${HomeSwitcher} look="phone" />` : html`<p class="phone-bar-title phone-bar-alone" aria-hidden="true">${barTitle}</p>`}
        ${actions && html`<div class="phone-bar-actions">${actions}</div>`}
      </header>
      ${!plainHeading && html`<header class="page-head">
        ${parent && html`<${BackLink} parent=${parent} />`}
        <h1 tabindex="-1">${title}</h1>${heading}
      </header>`}
      ${children}
    </div>`;
}

/** @param {{parent: string}} props */
export function BackLink({ parent, children }) {
  const back = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    goBack(parent);
  };
  return html`<a class="back-link icon-btn" href=${parent} aria-label="Back" onClick=${back}><${Icon} name="caret-left" class="icon-24" />${children}</a>`;
}

function useArrival(box, ready) {
  const restored = useRef('');
  useLayoutEffect(() => {
    const { path, key, kind } = place.get();
    if (kind === 'pop') return;
    if (arrived === path) return;
    const first = arrived === '' && kind === 'load';
    arrived = path;
    window.scrollTo(0, 0);
    // At the first load the browser starts at the top of the page itself; moving the focus would only skip the navigation.
    if (!first) box.current?.querySelector('h1')?.focus({ preventScroll: true });
    restored.current = key;
  });
  useLayoutEffect(() => {
    const { path, key, kind } = place.get();
    if (kind !== 'pop' || !ready || restored.current === key) return;
    restored.current = key;
    arrived = path;
    const { y, focus } = leftAt(key) ?? { y: 0, focus: null };
    window.scrollTo(0, y);
    const kept = focus && document.querySelector(`[data-keep="${CSS.escape(focus)}"]`);
    const target = kept?.matches('a, button') ? kept : kept?.querySelector('a, button');
    (target ?? box.current?.querySelector('h1'))?.focus({ preventScroll: true });
  });
}

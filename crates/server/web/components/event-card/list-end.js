import { html, useEffect, useRef } from '../../lib/html.js';
import { Icon } from '../icon/icon.js';

/**
 * More pages as the end comes near, or the end of all.
 * @param {{list: ReturnType<typeof import('../../lib/event-list.js').useEventList>, dropped?: string, children?: any}} props `dropped`: what went of it, in a sentence; `children`: what stands at the end of all, if not the usual line
 */
export function ListEnd({ list, dropped = '', children }) {
  const mark = useRef(null);
  useEffect(() => {
    const watcher = new IntersectionObserver(([entry]) => entry.isIntersecting && list.more(), { rootMargin: '900px' });
    watcher.observe(mark.current);
    return () => watcher.disconnect();
  }, [list.events.length, list.cursor, list.problem]);
  return html`
    <div ref=${mark} class="list-end">
      ${list.problem && !list.retryAt
        ? html`<button type="button" class="btn" onClick=${list.more}><${Icon} name="arrow-clockwise" />Load older events</button>`
        : list.cursor ? html`<p class="meta">Loading older events</p>` : children || html`<p class="meta">No older events are kept.${dropped ? ` ${dropped}` : ''}</p>`}
    </div>`;
}

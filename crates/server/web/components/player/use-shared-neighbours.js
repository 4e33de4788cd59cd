import { askShared, sharedListed } from '../../lib/event-list.js';
import { useEffect, useState } from '../../lib/html.js';
import { dayOf } from '../../lib/time.js';

const MOST = 100;

/**
 * The events around a shared one, as far as the list of what is shared has been loaded; for who came by the address alone, its newest.
 * @param {any} event
 * @param {string[]} cameras the filter
 * @param {string} zone
 * @returns {{events: any[], older: string | null, newer: string | null}} `events`: of its day, oldest first
 */
export function useSharedNeighbours(event, cameras, zone) {
  const [events, setEvents] = useState(() => sharedListed(cameras));
  const at = events.findIndex(({ id }) => id === event.id);
  useEffect(() => {
    if (at >= 0) return undefined;
    let ended = false;
    askShared(cameras, { limit: MOST }).then((page) => !ended && setEvents(page.events), () => {});
    return () => { ended = true; };
  }, [event.id, cameras.join()]);
  const day = dayOf(event.started_at, zone);
  const near = events.filter((other) => other.home_id === event.home_id && dayOf(other.started_at, zone) === day);
  return {
    events: at < 0 ? [] : near.reverse(),
    older: at < 0 ? null : events[at + 1]?.id ?? null,
    newer: at < 0 ? null : events[at - 1]?.id ?? null,
  };
}

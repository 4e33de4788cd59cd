import { api } from '../../lib/api.js';
import { homePath, useDay } from '../../lib/home.js';
import { useEffect, useMemo, useState } from '../../lib/html.js';
import { addDays, dayOf } from '../../lib/time.js';

/**
 * The events around one, under the filter: those of its day, and over the day's edge the next one on either side.
 * @param {any} home
 * @param {any} event
 * @param {import('../../lib/filter.js').Filter} filter
 * @returns {{events: any[], index: number, total: number, older: string | null, newer: string | null}} `events` oldest first; `index` counts from the newest, as the list does
 */
export function useNeighbours(home, event, filter) {
  const day = dayOf(event.started_at, home.zone);
  const { data } = useDay(home.id, day);
  const cameras = filter.cameras.join();
  const events = useMemo(() => (data?.events ?? []).filter(({ camera_id }) => !cameras || cameras.split(',').includes(camera_id)), [data, cameras]);
  const at = events.findIndex(({ id }) => id === event.id);
  const olderHere = at > 0 ? events[at - 1].id : null;
  const newerHere = at >= 0 && at < events.length - 1 ? events[at + 1].id : null;
  const [over, setOver] = useState({ older: null, newer: null });

  useEffect(() => {
    setOver({ older: null, newer: null });
    if (!data || filter.day || event.not_an_event) return undefined;
    let ended = false;
    const set = (side) => (found) => !ended && found && setOver((was) => ({ ...was, [side]: found }));
    if (!olderHere) olderThan(home.id, cameras, data.starts_at).then(set('older'), () => {});
    if (!newerHere) newerThan(home.id, cameras, data, day).then(set('newer'), () => {});
    return () => { ended = true; };
  }, [data, event.id, cameras, filter.day, olderHere, newerHere]);

  return { events, index: at < 0 ? 0 : events.length - at, total: events.length, older: olderHere ?? over.older, newer: newerHere ?? over.newer };
}

async function olderThan(home, camera, before) {
  const { events } = await api('GET', '/events', { query: { home, camera, before, not_an_event: 0, limit: 1 } });
  return events[0]?.id ?? null;
}

/** The list is newest first, so the next newer day is found first, then its oldest event. */
async function newerThan(home, camera, day, date) {
  if (day.now < day.ends_at) return null;
  const { days } = await api('GET', `${homePath(home)}/days`, { query: { from: addDays(date, 1), to: addDays(date, 60) } });
  for (const next of [...days].sort((a, b) => (a.date < b.date ? -1 : 1)).slice(0, 5)) {
    const { events } = await api('GET', `${homePath(home)}/days/${next.date}`);
    const first = events.find(({ camera_id }) => !camera || camera.split(',').includes(camera_id));
    if (first) return first.id;
  }
  return null;
}

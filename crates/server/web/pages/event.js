import { LockedDown, lockedFrame } from '../components/feedback/lockdown.js';
import { ProblemPage, Skeleton } from '../components/feedback/states.js';
import { Player } from '../components/player/player.js';
import { useNeighbours } from '../components/player/use-neighbours.js';
import { Page } from '../components/shell/page.js';
import { filterOf, queryOf } from '../lib/filter.js';
import { mayManage, useCameras, useDay, usePeople } from '../lib/home.js';
import { html, useRef } from '../lib/html.js';
import { useQuery } from '../lib/query.js';
import { useReopening } from '../lib/reopening.js';
import { place, secondOf } from '../lib/router.js';
import { seenBy } from '../lib/shares.js';
import { useStore } from '../lib/store.js';
import { dayOf } from '../lib/time.js';
import { listed } from '../lib/words.js';

/** One event: its video, its motion, what is known of it. @param {{home: any, event: string}} props */
export function EventPage({ home, event: id }) {
  const { query, hash } = useStore(place);
  const filter = filterOf(query);
  const list = `/h/${home.id}/events${queryOf(filter)}`;
  const answer = useQuery(`/events/${id}`);
  const kept = useRef(null);
  // While the next event loads, the one before it stays on the screen; nothing jumps.
  if (answer.data) kept.current = answer.data;
  const event = answer.data ?? (answer.problem ? null : kept.current);
  // An open player learns of a lockdown by its day; to ask for the event again would be another opening on record.
  const day = useDay(home.id, event?.home_id === home.id ? dayOf(event.started_at, home.zone) : null);
  const locked = [answer, day].find(({ problem }) => problem?.lockedDown);
  useReopening({ locked: Boolean(locked), look: () => locked?.reload(), open: Boolean(event), words: 'The event is open again.' });
  if (locked) {
    return html`<${Page} home=${home} parent=${list} barTitle="Event" ...${lockedFrame({ home, problem: locked.problem })}><${LockedDown} home=${home} problem=${locked.problem} /><//>`;
  }
  if (answer.problem && !answer.data) {
    return html`<${Page} title="Event" home=${home} parent=${list}><${ProblemPage} problem=${answer.problem} retryAt=${answer.retryAt} onRetry=${answer.reload} /><//>`;
  }
  if (!event) return html`<${Page} title="Event" home=${home} parent=${list} plainHeading class="player"><h1 class="visually-hidden" tabindex="-1">Event</h1><${Skeleton} loading><div class="bone player-bone"></div><//><//>`;
  if (event.home_id !== home.id) return html`<${Page} title="Event" home=${home} parent=${list}><${ProblemPage} problem=${{ notFound: true }} /><//>`;
  return html`<${OfHome} home=${home} event=${event} fresh=${event.id === id} filter=${filter} list=${list} startAt=${secondOf(hash)} />`;
}

function OfHome({ home, event, fresh, filter, list, startAt }) {
  const { data: people } = usePeople(home.id);
  const { data: cameras } = useCameras(home.id);
  const near = useNeighbours(home, event, filter);
  const nameOf = (id) => cameras?.cameras.find((camera) => camera.id === id)?.name ?? 'a removed camera';
  const spot = near.index > 0 && `Event ${near.index} of ${near.total} on this day, ${filter.cameras.length ? listed(filter.cameras.map(nameOf)) : 'all cameras'}`;
  const seen = people && { ...seenBy(event, people), href: `/h/${home.id}/people`, link: 'People of this home' };
  return html`<${Player} event=${event} fresh=${fresh} startAt=${startAt} home=${home} list=${list} listName="Events" spot=${spot} near=${near} hrefOf=${(id) => `/h/${home.id}/events/${id}${queryOf(filter)}`} nameOf=${nameOf} seen=${seen} manage=${mayManage(home.role)} />`;
}

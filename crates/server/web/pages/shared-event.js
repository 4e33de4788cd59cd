import { ProblemPage, Skeleton } from '../components/feedback/states.js';
import { Player } from '../components/player/player.js';
import { useSharedNeighbours } from '../components/player/use-shared-neighbours.js';
import { Page } from '../components/shell/page.js';
import { useNow } from '../lib/clockwork.js';
import { filterOf, queryOf } from '../lib/filter.js';
import { useShares } from '../lib/home.js';
import { html, useRef } from '../lib/html.js';
import { useQuery } from '../lib/query.js';
import { useReopening } from '../lib/reopening.js';
import { place, secondOf } from '../lib/router.js';
import { seenByShare, shareOf } from '../lib/shares.js';
import { useStore } from '../lib/store.js';
import { useWhileVisible } from '../lib/visible.js';

/** One event of a camera that is shared with the account, in its home's time. @param {{event: string}} props */
export function SharedEventPage({ event: id }) {
  const { query, hash } = useStore(place);
  const filter = { cameras: filterOf(query).cameras, day: null };
  const list = `/shared${queryOf(filter)}`;
  const shares = useShares();
  const answer = useQuery(`/events/${id}`);
  const kept = useRef(null);
  // While the next event loads, the one before it stays on the screen; nothing jumps.
  if (answer.data) kept.current = answer.data;
  const event = answer.data ?? (answer.problem ? null : kept.current);
  const share = event && shares.data ? shareOf(shares.data.shares, event) : null;
  // An open player learns by this that its share has ended.
  useWhileVisible(shares.reload);
  useReopening({ locked: Boolean(answer.problem?.lockedDown), look: answer.reload, open: Boolean(event), words: 'The event is open again.' });
  const problem = event ? (shares.data ? null : shares.problem) : answer.problem;
  const frame = { title: 'Event', parent: list, barTitle: 'Event' };
  if (problem) {
    const [retryAt, again] = event ? [shares.retryAt, shares.reload] : [answer.retryAt, answer.reload];
    return html`<${Page} ...${frame}><${ProblemPage} problem=${problem} retryAt=${retryAt} onRetry=${again} /><//>`;
  }
  if (!event || !shares.data) return html`<${Page} ...${frame} plainHeading class="player"><h1 class="visually-hidden" tabindex="-1">Event</h1><${Skeleton} loading><div class="bone player-bone"></div><//><//>`;
  if (!share) return html`<${Page} ...${frame}><${ProblemPage} problem=${{ notFound: true }} /><//>`;
  return html`<${OfShare} share=${share} event=${event} fresh=${event.id === id} filter=${filter} list=${list} startAt=${secondOf(hash)} />`;
}

function OfShare({ share, event, fresh, filter, list, startAt }) {
  const now = useNow() * 1000;
  const near = useSharedNeighbours(event, filter.cameras, share.zone);
  const home = { id: share.home_id, name: share.home_name, zone: share.zone };
  const nameOf = (id) => share.cameras.find((camera) => camera.id === id)?.name ?? 'another camera';
  const seen = { ...seenByShare(share, now), href: '/shared', link: 'Shared with you' };
  return html`<${Player} event=${event} fresh=${fresh} startAt=${startAt} home=${home} list=${list} listName="Shared with you" spot="" near=${near} hrefOf=${(id) => `/shared/events/${id}${queryOf(filter)}`} nameOf=${nameOf} seen=${seen} />`;
}

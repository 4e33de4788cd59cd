import { summary } from '../../lib/camera-state.js';
import { useNow } from '../../lib/clockwork.js';
import { offlineSince } from '../../lib/connection.js';
import { freshCount, watchFresh } from '../../lib/fresh.js';
import { camerasPath, homePath, useMe } from '../../lib/home.js';
import { classes, html, useEffect, useState } from '../../lib/html.js';
import { useKeys } from '../../lib/keys.js';
import { useQuery } from '../../lib/query.js';
import { navigate, place } from '../../lib/router.js';
import { useStore } from '../../lib/store.js';
import { Banner } from '../feedback/banner.js';
import { Toasts } from '../feedback/toast.js';
import { Icon } from '../icon/icon.js';
import { HomeSwitcher, homeOf } from './home-switcher.js';
import { KeyHelp } from './key-help.js';

/**
 * What stands around every page of somebody signed in: rail or bottom bar, banner, toasts, keys.
 * @param {{look: 'full' | 'player', children?: any}} props `player`: the rail shows icons only, and the phone's bottom bar makes room for the player's controls
 */
export function Shell({ look, children }) {
  const { data: me } = useMe();
  const { path } = useStore(place);
  const now = useNow();
  const [help, setHelp] = useState(false);
  const home = homeOf(me, path);
  const live = home && { home: home.id, topics: ['cameras', 'devices'] };
  const { data: homeDoc } = useQuery(home && homePath(home.id), live);
  const { data: cameras } = useQuery(home && camerasPath(home.id), live);
  useEffect(() => (home ? watchFresh(home.id) : undefined), [home?.id]);
  useKeys({
    '?': () => setHelp(true),
    'g a': () => navigate('/account'),
    'g s': () => navigate('/shared'),
    ...(home && {
      'g e': () => navigate(`/h/${home.id}/events`),
      'g c': () => navigate(`/h/${home.id}/cameras`),
      'g p': () => navigate(`/h/${home.id}/people`),
      'g h': () => navigate(`/h/${home.id}/home`),
    }),
  });
  const places = placesOf(home, me, path);
  return html`
    <div class=${classes('shell', look === 'player' && 'shell-player')}>
      <a class="skip-link" href="#main">To the content</a>
      <header class="rail">
        <a class="brand" href="/" aria-label="Ownsight"><${Icon} name="mark" class="icon-24" /><b>Ownsight</b></a>
        <${HomeSwitcher} look="rail" />
        <nav aria-label="Pages"><ul class="rail-places">
          ${places.filter(({ rail }) => rail).map((item) => html`<li key=${item.name}><${PlaceLink} item=${item} class="rail-link" /></li>`)}
        </ul></nav>
        <div class="rail-foot">
          ${home && cameras && html`<${CamerasLine} home=${home.id} cameras=${cameras.cameras} />`}
          ${me && html`<a class="rail-account" href="/account" aria-label=${`${me.account.name}, account`} aria-current=${path === '/account' ? 'page' : undefined}>
            <span class="avatar" aria-hidden="true">${me.account.initials}</span><span class="rail-account-text"><b>${me.account.name}</b><small>Account</small></span></a>`}
        </div>
      </header>
      <main id="main" tabindex="-1">
        <${Banner} me=${me} home=${homeDoc} now=${now} />
        ${children}
      </main>
      <nav class="bottom-bar" aria-label="Pages">
        ${places.map((item) => html`<${PlaceLink} key=${item.name} item=${item} class="bottom-link" narrow />`)}
      </nav>
      <${Toasts} />
      ${help && html`<${KeyHelp} onClose=${() => setHelp(false)} />`}
    </div>`;
}

function placesOf(home, me, path) {
  const base = home ? `/h/${home.id}` : '';
  // Also while the page is open that says that nothing is shared any more.
  const shared = me?.shares > 0 || path === '/shared' || path.startsWith('/shared/');
  const all = [
    home && { name: 'Events', icon: 'film-strip', href: `${base}/events`, rail: true, fresh: true },
    home && { name: 'Cameras', icon: 'security-camera', href: `${base}/cameras`, rail: true },
    home && { name: 'People', icon: 'users-three', href: `${base}/people`, rail: true },
    home && { name: 'Home', icon: 'house', href: `${base}/home`, rail: true },
    shared && { name: 'Shared with you', short: 'Shared', icon: 'share-network', href: '/shared', rail: true },
    { name: 'Account', icon: 'user-circle', href: '/account', rail: false },
  ].filter(Boolean);
  return all.map((item) => ({ ...item, here: path === item.href || path.startsWith(`${item.href}/`) }));
}

/** `narrow`: there is room for one word. */
function PlaceLink({ item, class: look, narrow = false }) {
  const fresh = useStore(freshCount);
  return html`
    <a class=${look} href=${item.href} aria-current=${item.here ? 'page' : undefined} title=${item.name}>
      <${Icon} name=${item.here ? `${item.icon}-fill` : item.icon} class="icon-24" />
      <span class="place-name">${narrow ? item.short ?? item.name : item.name}</span>
      ${item.fresh && fresh > 0 && html`<span class="place-fresh">${fresh > 99 ? '99+' : fresh} new</span>`}
    </a>`;
}

function CamerasLine({ home, cameras }) {
  const offline = useStore(offlineSince);
  const { tone, line, trouble } = summary(cameras);
  if (offline !== null) return html`<p class="rail-note">How the cameras are is not known without a connection.</p>`;
  if (tone === 'quiet' && !cameras.length) return html`<p class="rail-note">${line}</p>`;
  return html`
    <a class=${`rail-state rail-state-${tone}`} href=${`/h/${home}/cameras`} title=${`${line} ${trouble}`}>
      <${Icon} name=${tone === 'warn' ? 'warning-circle' : tone === 'ok' ? 'check-circle-fill' : 'circle-dashed'} />
      <span>${line}${trouble && html`<br />${trouble}`}</span>
    </a>`;
}

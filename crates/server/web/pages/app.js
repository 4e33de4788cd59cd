import { ProblemPage, NothingHere } from '../components/feedback/states.js';
import { Page } from '../components/shell/page.js';
import { Shell } from '../components/shell/shell.js';
import { useMe } from '../lib/home.js';
import { html, useEffect } from '../lib/html.js';
import { waitingOf } from '../lib/restored.js';
import { match, navigate, place, startOf } from '../lib/router.js';
import { endSession, session } from '../lib/session.js';
import { useStore } from '../lib/store.js';
import { AccountPage } from './account.js';
import { AdminPage } from './admin.js';
import { AddCameraPage } from './add-camera.js';
import { CameraPage } from './camera.js';
import { CamerasPage } from './cameras.js';
import { EventPage } from './event.js';
import { EventsPage } from './events.js';
import { HomePage } from './home.js';
import { InvitePage } from './invite.js';
import { JoinPage } from './join.js';
import { NoHomePage } from './no-home.js';
import { PairPage } from './pair.js';
import { PeoplePage } from './people.js';
import { RestoredPage } from './restored.js';
import { SetupPage } from './setup.js';
import { SharedPage } from './shared.js';
import { SharedEventPage } from './shared-event.js';
import { SignInPage } from './sign-in.js';

/** @type {{pattern: string, page: any, open?: boolean, look?: 'player'}[]} `open`: for who is not signed in; order decides */
const routes = [
  { pattern: '/sign-in', page: SignInPage, open: true },
  { pattern: '/setup', page: SetupPage, open: true },
  { pattern: '/invite', page: InvitePage, open: true },
  { pattern: '/join', page: JoinPage, open: true },
  { pattern: '/admin', page: AdminPage, open: true },
  { pattern: '/account', page: AccountPage },
  { pattern: '/shared', page: SharedPage },
  { pattern: '/shared/events/:event', page: SharedEventPage, look: 'player' },
  { pattern: '/h/:home/events', page: EventsPage },
  { pattern: '/h/:home/events/:event', page: EventPage, look: 'player' },
  { pattern: '/h/:home/cameras', page: CamerasPage },
  { pattern: '/h/:home/cameras/add', page: AddCameraPage },
  { pattern: '/h/:home/cameras/pair', page: PairPage },
  { pattern: '/h/:home/cameras/:camera', page: CameraPage },
  { pattern: '/h/:home/people', page: PeoplePage },
  { pattern: '/h/:home/home', page: HomePage },
];

/** The app: from the address to the page, and to sign-in where nobody is signed in. */
export function App() {
  const here = useStore(place);
  const state = useStore(session);
  const found = routeOf(here.path);
  if (found?.route.open) return html`<${found.route.page} key=${found.route.pattern} ...${found.params} />`;
  if (state === 'out') return html`<${ToSignIn} />`;
  return html`<${SignedIn} found=${found} path=${here.path} />`;
}

function routeOf(path) {
  for (const route of routes) {
    const params = match(route.pattern, path);
    if (params) return { route, params };
  }
  return null;
}

function SignedIn({ found, path }) {
  const { data: me, problem, retryAt, reload } = useMe();
  // A session that the server does not know answers 404 here, because its `s` names nobody.
  const unknown = problem?.notFound;
  useEffect(() => {
    if (unknown) endSession();
  }, [unknown]);
  useEffect(() => {
    const start = me && startOf(me);
    if (start && path === '/') navigate(start, { replace: true });
  }, [me, path]);
  return html`<${Shell} look=${found?.route.look ?? 'full'}><${Inside} me=${me} problem=${unknown ? null : problem} retryAt=${retryAt} reload=${reload} found=${found} path=${path} /><//>`;
}

function Inside({ me, problem, retryAt, reload, found, path }) {
  if (!me) return problem ? html`<${Page} title="Ownsight"><${ProblemPage} problem=${problem} retryAt=${retryAt} onRetry=${reload} /><//>` : null;
  if (path === '/') return startOf(me) ? null : html`<${NoHomePage} />`;
  const waiting = found?.params.home && waitingOf(me).find(({ home_id }) => home_id === found.params.home);
  if (waiting) return html`<${RestoredPage} key=${waiting.home_id} waiting=${waiting} />`;
  const home = found?.params.home ? me.homes.find(({ id }) => id === found.params.home) : null;
  if (!found || (found.params.home && !home)) return html`<${Page} title="Nothing here" plainHeading><h1 class="visually-hidden" tabindex="-1">Nothing here</h1><${NothingHere} /><//>`;
  const { home: _, ...params } = found.params;
  // The player goes on from event to event; every other page begins anew for another thing.
  const key = [found.route.pattern, home?.id, found.route.look === 'player' ? '' : Object.values(params).join()].join(' ');
  return html`<${found.route.page} key=${key} me=${me} home=${home} ...${params} />`;
}

/** Signed out: sign in, and come back here. */
function ToSignIn() {
  useEffect(() => {
    const { pathname, search } = location;
    const back = pathname === '/' ? '' : `?${new URLSearchParams({ to: pathname + search })}`;
    navigate(`/sign-in${back}`, { replace: true });
  }, []);
  return null;
}

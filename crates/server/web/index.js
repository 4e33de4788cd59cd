import { App } from './pages/app.js';
import { html, render } from './lib/html.js';
import { startLive } from './lib/live.js';
import { startRouter } from './lib/router.js';
import { renewPageHalf } from './lib/session.js';

renewPageHalf();
startRouter();
startLive();
render(html`<${App} />`, document.getElementById('app'));

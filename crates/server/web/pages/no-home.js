import { Page } from '../components/shell/page.js';
import { useShares } from '../lib/home.js';
import { html } from '../lib/html.js';
import { camerasSaid, spanSaid } from '../lib/shares.js';

/** The start page of an account that is in no home, and sees no camera of another. */
export function NoHomePage() {
  const { data } = useShares();
  const [share] = data?.shares ?? [];
  return html`
    <${Page} title="You are in no home yet" class="no-home">
      <section class="state">
        ${share && html`<p><b>${share.shared_by} shares ${camerasSaid(share.cameras)} of ${share.home_name} with you:</b> ${spanSaid(share, Date.now() * 1000)}. <a class="link" href="/shared">Shared with you</a></p>`}
        <p class="state-text">Open the invitation link that you were sent, to a home or to a camera that somebody shares with you. If you have none, ask an owner or adult of the home for one; it is made for the e-mail address of your account.</p>
        <a class="btn" href="/account">To your account</a>
      </section>
    <//>`;
}

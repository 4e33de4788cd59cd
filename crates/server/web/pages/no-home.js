import { Page } from '../components/shell/page.js';
import { html } from '../lib/html.js';

/** The start page of an account that is in no home. */
export function NoHomePage() {
  return html`
    <${Page} title="You are in no home yet" class="no-home">
      <section class="state">
        <p class="state-text">Open the invitation link that you were sent. If you have none, ask an owner or adult of the home for one; it is made for the e-mail address of your account.</p>
        <a class="btn" href="/account">To your account</a>
      </section>
    <//>`;
}

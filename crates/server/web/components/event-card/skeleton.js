import { html } from '../../lib/html.js';

/** The list as it will be: a day, and cards. */
export function EventCardSkeleton() {
  return html`
    <div class="day-head day-head-bones"><div class="day-title"><span class="bone bone-title"></span><span class="bone bone-text"></span></div>
      <div class="line-bones">${[1, 2, 3, 4].map((n) => html`<span key=${n} class="bone"></span>`)}</div></div>
    <div class="events">${Array.from({ length: 8 }, (_, n) => html`
      <div class="event" key=${n}><div class="event-link"><span class="event-picture bone"></span><span class="event-text"><span class="bone bone-time"></span><span class="bone bone-text"></span></span></div></div>`)}
    </div>`;
}

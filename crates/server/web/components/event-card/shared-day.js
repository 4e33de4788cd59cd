import { html } from '../../lib/html.js';
import { addDays, dayName, dayOf } from '../../lib/time.js';
import { count } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';
import { EventCard } from './event-card.js';

/**
 * One day of what is shared: a header without a day line, which would tell of the home's other cameras, then events, newest first.
 * @param {{day: string, events: any[], zoneOf: (event: any) => string, hrefOf: (event: any) => string, complete: boolean, waiting: number, now: number, onShowWaiting: () => void, onDelete: (event: any) => void}} props
 * `complete`: no event of this day is still to be loaded
 */
export function SharedDay({ day, events, zoneOf, hrefOf, complete, waiting, now, onShowWaiting, onDelete }) {
  const today = dayOf(now, zoneOf(events[0]));
  const word = day === today ? 'Today, ' : day === addDays(today, -1) ? 'Yesterday, ' : '';
  const unopened = complete ? events.filter(({ opened }) => !opened).length : 0;
  return html`
    <section class="day" aria-labelledby=${`day-${day}`}>
      <header class="day-head day-head-plain">
        <div class="day-title">
          <h2 id=${`day-${day}`}>${dayName(day, { thisYear: today.slice(0, 4) })}</h2>
          <p class="day-count soft">${complete && html`<span class="wide-only">${word}</span>${count(events.length, 'event')}`}</p>
          ${unopened > 0 && html`<p class="day-unopened soft"><span class="ring"></span>${unopened} you have not opened</p>`}
        </div>
      </header>
      ${waiting > 0 && html`<button type="button" class="new-events" onClick=${onShowWaiting}><${Icon} name="arrow-up" />${count(waiting, 'new event')}</button>`}
      <ol class="events">${events.map((event) => html`<${EventCard} key=${event.id} event=${event} zone=${zoneOf(event)} href=${hrefOf(event)} onDelete=${onDelete} />`)}</ol>
    </section>`;
}

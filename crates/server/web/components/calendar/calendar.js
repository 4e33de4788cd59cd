import { addMonths, weeksOf } from '../../lib/days.js';
import { homePath } from '../../lib/home.js';
import { classes, html, useRef, useState } from '../../lib/html.js';
import { useQuery } from '../../lib/query.js';
import { addDays, dayName, monthName } from '../../lib/time.js';
import { count } from '../../lib/words.js';
import { Icon } from '../icon/icon.js';

/**
 * A month to pick a day from; days with events stand out and say how many.
 * @param {{home: string, chosen: string | null, today: string, onPick: (day: string) => void}} props
 */
export function Calendar({ home, chosen, today, onPick }) {
  const [month, setMonth] = useState((chosen ?? today).slice(0, 7));
  const [focus, setFocus] = useState(chosen ?? today);
  const grid = useRef(null);
  const first = firstWeekday();
  const weeks = weeksOf(month, first);
  const days = weeks.flat().filter(Boolean);
  const { data } = useQuery(`${homePath(home)}/days?from=${days[0]}&to=${days.at(-1)}`, { home, topics: ['events'] });
  const counts = new Map(data?.days.map(({ date, events }) => [date, events]));

  const go = (day) => {
    if (day > today) return;
    setFocus(day);
    setMonth(day.slice(0, 7));
    setTimeout(() => grid.current?.querySelector(`[data-day="${day}"]`)?.focus(), 30);
  };
  const keys = (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    go(addDays(focus, step));
  };
  const tabStop = days.includes(focus) ? focus : days.findLast((day) => day <= today) ?? days[0];

  return html`
    <div class="calendar">
      <div class="calendar-head">
        <button type="button" class="icon-btn" aria-label="Month before" onClick=${() => setMonth(addMonths(month, -1))}><${Icon} name="caret-left" /></button>
        <b aria-live="polite">${monthName(month)}</b>
        <button type="button" class="icon-btn" aria-label="Month after" disabled=${month >= today.slice(0, 7)} onClick=${() => setMonth(addMonths(month, 1))}><${Icon} name="caret-right" /></button>
      </div>
      <table ref=${grid} role="grid" aria-label=${monthName(month)} onKeyDown=${keys}>
        <thead><tr>${weekdays(first).map((name) => html`<th key=${name} scope="col" class="meta">${name}</th>`)}</tr></thead>
        <tbody>${weeks.map((week) => html`<tr>${week.map((day) => html`<td>${day && html`
          <button type="button" data-day=${day} data-first=${day === tabStop ? '' : undefined} tabindex=${day === tabStop ? 0 : -1} disabled=${day > today}
            class=${classes('calendar-day', counts.get(day) && 'calendar-has')} aria-current=${day === today ? 'date' : undefined} aria-pressed=${day === chosen}
            aria-label=${`${dayName(day)}, ${counts.get(day) ? count(counts.get(day), 'event') : 'no events'}`} onClick=${() => onPick(day)}>${Number(day.slice(8))}</button>`}</td>`)}</tr>`)}</tbody>
      </table>
      <p class="meta calendar-note"><span class="calendar-dot"></span>days with events${chosen ? html`<button type="button" class="link" onClick=${() => onPick(null)}>All days</button>` : null}</p>
    </div>`;
}

/** 7 where weeks begin on Sunday, else 1. */
function firstWeekday() {
  try {
    const locale = new Intl.Locale(navigator.language);
    return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay === 7 ? 7 : 1;
  } catch {
    return 1;
  }
}

function weekdays(first) {
  const names = ['Mo', 'Tu', 'We', 'Th', 'Fr', 'Sa', 'Su'];
  return first === 7 ? [names[6], ...names.slice(0, 6)] : names;
}

import { html } from '../../lib/html.js';
import { cityOf, fieldOf, instantOfField, sameClock, viewerZone } from '../../lib/time.js';
import { Field } from '../form/field.js';

/** The fields that making and changing a share have in common. */

const MORE = [
  { right: 'export', name: 'Download them', about: 'What is downloaded stays with them' },
  { right: 'delete', name: 'Delete them', about: 'For everybody, this home too' },
];

/** @param {{rights: string[], onChange: (rights: string[]) => void}} props */
export function RightsFields({ rights, onChange }) {
  const toggle = (right) => onChange(rights.includes(right) ? rights.filter((other) => other !== right) : [...rights, right]);
  return html`
    <fieldset>
      <legend class="label">They may</legend>
      <div class="ticks">
        <label class="tick"><input type="checkbox" checked disabled /><span>See pictures and event videos<small>Always</small></span></label>
        ${MORE.map(({ right, name, about }) => html`<label class="tick" key=${right}><input type="checkbox" checked=${rights.includes(right)} onChange=${() => toggle(right)} /><span>${name}<small>${about}</small></span></label>`)}
      </div>
    </fieldset>`;
}

/**
 * A choice of which one may be a date: in words for what is no date, else a field for it.
 * @param {{id: string, legend: string, choices: {value: string, name: string, about: string}[], chosen: string, onChoose: (value: string) => void, date: string, onDate: (date: string) => void, zone: string, error: string | null}} props `date`: of the field, for the choice `date`
 */
export function WhenFields({ id, legend, choices, chosen, onChoose, date, onDate, zone, error }) {
  const elsewhere = !sameClock(zone, viewerZone(), Date.now() * 1000);
  return html`
    <fieldset>
      <legend class="label">${legend}</legend>
      <div class="ticks">
        ${choices.map(({ value, name, about }) => html`<label class="tick" key=${value}><input type="radio" name=${id} value=${value} checked=${chosen === value} onChange=${() => onChoose(value)} /><span>${name}<small>${about}</small></span></label>`)}
      </div>
      ${chosen === 'date' && html`<div class="tick-field"><${Field} id=${id} label=${elsewhere ? `Date and time in ${cityOf(zone)}` : 'Date and time'} type="datetime-local" value=${date} onInput=${onDate} error=${error} /></div>`}
    </fieldset>`;
}

/** @param {{value: string | null, date: string, onChange: (change: any) => void, zone: string, error: string | null}} props */
export function UntilFields({ value, date, onChange, zone, error }) {
  const choices = [
    { value: 'open', name: 'No end', about: 'Until you end it' },
    { value: 'date', name: 'A date', about: 'A rule that the server keeps' },
  ];
  return html`<${WhenFields} id="share-until" legend="Until" choices=${choices} chosen=${value} onChoose=${(until) => onChange({ until })} date=${date} onDate=${(untilDate) => onChange({ untilDate })} zone=${zone} error=${error} />`;
}

/** A week on, in the evening: what the field begins with. @param {string} zone @param {number} now */
export function inAWeek(zone, now) {
  return `${fieldOf(now + 7 * 86_400_000_000, zone).slice(0, 10)}T20:00`;
}

/** What is wrong with an end, or null. @param {{until: string, untilDate: string}} form @param {string} zone @param {number} after */
export function untilError({ until, untilDate }, zone, after) {
  if (until !== 'date') return null;
  const at = instantOfField(untilDate, zone);
  if (at === null) return 'Enter a date and a time.';
  return at > after ? null : 'The end lies before the beginning. Choose a later one.';
}

/** @param {{until: string, untilDate: string}} form @param {string} zone */
export const untilOf = ({ until, untilDate }, zone) => (until === 'date' ? instantOfField(untilDate, zone) : null);

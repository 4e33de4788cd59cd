import { html } from '../../lib/html.js';
import { lastsOptions, sizeOptions } from '../../lib/zones.js';
import { SelectField } from '../form/field.js';
import { Icon } from '../icon/icon.js';

/**
 * How large and how long motion must be, and whether it may be too much: rarely needed, so behind a word.
 * @param {{form: {size_min: number, lasts_min_ms: number, quieting: boolean}, set: (name: string) => (value: any) => void}} props
 */
export function MoreMotion({ form, set }) {
  // A square of that area in a picture of 160 × 90.
  const side = 120 * Math.sqrt(form.size_min / 1000);
  return html`
    <details class="more" open=${form.size_min > 0 || form.lasts_min_ms > 300 || !form.quieting}>
      <summary>More about motion<${Icon} name="caret-down" /></summary>
      <div class="stack">
        <div class=${form.size_min > 0 ? 'size-row' : ''}>
          <${SelectField} id="size-min" label="What moves must be" value=${String(form.size_min)} onInput=${(value) => set('size_min')(Number(value))} options=${sizeOptions(form.size_min)} />
          ${form.size_min > 0 && html`<span class="size-picture" role="img" aria-label=${`${form.size_min / 10} % of the picture`}><svg viewBox="0 0 160 90"><rect x=${80 - side / 2} y=${45 - side / 2} width=${side} height=${side} /></svg></span>`}
        </div>
        <${SelectField} id="lasts-min" label="An event begins" value=${String(form.lasts_min_ms)} onInput=${(value) => set('lasts_min_ms')(Number(value))} options=${lastsOptions(form.lasts_min_ms)} hint="The video begins three seconds before the motion in each case." />
        <label class="tick"><input type="checkbox" checked=${form.quieting} onChange=${(event) => set('quieting')(event.currentTarget.checked)} /><span>Quiet it when it is too much<small>After 30 events within an hour there is one in five minutes at most, until it calms down. Its page says so meanwhile.</small></span></label>
      </div>
    </details>`;
}

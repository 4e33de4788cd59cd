import { html, useState } from '../../lib/html.js';
import { Icon } from '../icon/icon.js';

/**
 * A labelled input with hint and error, tied together for screen readers.
 * @param {{id: string, label: string, value: string, onInput: (value: string) => void, hint?: string, error?: string | null, class?: string, [attribute: string]: any}} props other attributes go to the input
 */
export function Field({ id, label, hint, error, value, onInput, class: extra = '', ...attributes }) {
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <input id=${id} class=${`input ${extra}`} value=${value} onInput=${(event) => onInput(event.currentTarget.value)} ...${described(id, hint, error)} ...${attributes} />
      <${Notes} id=${id} hint=${hint} error=${error} />
    </div>`;
}

/** A password, hidden until asked. @param {Parameters<typeof Field>[0]} props */
export function PasswordField({ id, label, hint, error, value, onInput, autocomplete = 'current-password', ...attributes }) {
  const [shown, setShown] = useState(false);
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <div class="input-wrap">
        <input id=${id} class="input" type=${shown ? 'text' : 'password'} autocomplete=${autocomplete} autocapitalize="none" spellcheck="false" value=${value}
          onInput=${(event) => onInput(event.currentTarget.value)} ...${described(id, hint, error)} ...${attributes} />
        <button type="button" class="icon-btn" aria-label=${shown ? 'Hide password' : 'Show password'} aria-pressed=${shown} onClick=${() => setShown(!shown)}>
          <${Icon} name=${shown ? 'eye-slash' : 'eye'} />
        </button>
      </div>
      <${Notes} id=${id} hint=${hint} error=${error} />
    </div>`;
}

/** @param {{id: string, label: string, value: string, options: {value: string, label: string}[], onInput: (value: string) => void, hint?: string}} props */
export function SelectField({ id, label, value, options, onInput, hint }) {
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      <div class="select-wrap">
        <select id=${id} class="select" value=${value} onChange=${(event) => onInput(event.currentTarget.value)} ...${described(id, hint)}>
          ${options.map((option) => html`<option key=${option.value} value=${option.value} selected=${option.value === value}>${option.label}</option>`)}
        </select>
        <${Icon} name="caret-down" />
      </div>
      <${Notes} id=${id} hint=${hint} />
    </div>`;
}

function Notes({ id, hint, error }) {
  return html`
    ${error && html`<p class="error" id=${`${id}-error`}><${Icon} name="warning-circle" /><span>${error}</span></p>`}
    ${hint && html`<p class="hint" id=${`${id}-hint`}>${hint}</p>`}`;
}

function described(id, hint, error) {
  const by = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return { ...(by ? { 'aria-describedby': by } : {}), ...(error ? { 'aria-invalid': 'true' } : {}) };
}

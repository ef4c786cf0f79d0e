// Form fields with a label, a hint and the complaint about them. Names are the field names of the API.
import { html, nothing, live } from '../lit.js';
import { t } from '../i18n.js';
import { icon } from './ui.js';
import { redraw } from '../store.js';

let shown = new Set();

const around = ({ id, label, hint, error, optional, trail }, control) => html`<div class="field ${error ? 'wrong' : ''}">
  <label for=${id}>${label}${optional ? html` <span class="opt">${t('form.optional')}</span>` : nothing}</label>${control}${trail ?? nothing}
  ${hint ? html`<p class="hint" id="${id}-h">${hint}</p>` : nothing}
  ${error ? html`<p class="err" id="${id}-e">${icon('circle-alert', 's')}${error}</p>` : nothing}</div>`;
const described = ({ id, hint, error }) => [hint ? `${id}-h` : '', error ? `${id}-e` : ''].filter(Boolean).join(' ') || nothing;

/** A line of text: { id, name, label, value, type, hint, error, optional, autocomplete, inputmode, placeholder, min, max, mono, change(value) }. */
export const field = f => around(f, html`<input id=${f.id} name=${f.name ?? f.id} type=${f.type ?? 'text'} class=${f.mono ? 'mono' : ''} .value=${live(f.value ?? '')}
  autocomplete=${f.autocomplete ?? 'off'} inputmode=${f.inputmode ?? nothing} placeholder=${f.placeholder ?? nothing} min=${f.min ?? nothing} max=${f.max ?? nothing} maxlength=${f.maxlength ?? nothing}
  autocapitalize="none" spellcheck="false" ?required=${!f.optional} ?disabled=${f.disabled} aria-invalid=${f.error ? 'true' : nothing} aria-describedby=${described(f)} @input=${e => { f.change?.(e.target.value); redraw(); }}>`);

/** A secret, with a button that shows what was typed. */
export const secret = f => around(f, html`<div class="secret"><input id=${f.id} name=${f.name ?? f.id} type=${shown.has(f.id) ? 'text' : 'password'} .value=${live(f.value ?? '')} autocomplete=${f.autocomplete ?? 'new-password'}
  autocapitalize="none" spellcheck="false" ?required=${!f.optional} aria-invalid=${f.error ? 'true' : nothing} aria-describedby=${described(f)} @input=${e => { f.change?.(e.target.value); redraw(); }}>
  <button class="btn ghost icon-only" type="button" aria-pressed=${shown.has(f.id) ? 'true' : 'false'} aria-label=${t('form.show', { what: f.label })} @click=${() => { if (!shown.delete(f.id)) shown.add(f.id); redraw(); }}>${icon(shown.has(f.id) ? 'eye-off' : 'eye', 's')}</button></div>`);

/** Whose password a form sets, unseen: password managers ask for it. */
export const ownerOf = name => html`<input class="vh" tabindex="-1" aria-hidden="true" name="username" autocomplete="username" .value=${name}>`;

/** One of many: options are [value, label]. */
export const select = f => around(f, html`<select id=${f.id} name=${f.name ?? f.id} ?disabled=${f.disabled} aria-invalid=${f.error ? 'true' : nothing} aria-describedby=${described(f)} @change=${e => { f.change?.(e.target.value); redraw(); }}>
  ${f.options.map(([v, l]) => html`<option value=${v} ?selected=${String(v) === String(f.value)}>${l}</option>`)}</select>`);

export const area = f => around(f, html`<textarea id=${f.id} name=${f.name ?? f.id} rows=${f.rows ?? 5} class=${f.mono ? 'mono' : ''} spellcheck="false" .value=${live(f.value ?? '')} placeholder=${f.placeholder ?? nothing} aria-invalid=${f.error ? 'true' : nothing} aria-describedby=${described(f)} @input=${e => { f.change?.(e.target.value); redraw(); }}></textarea>`);

/** On or off. */
export const toggle = f => html`<label class="switch"><input type="checkbox" role="switch" id=${f.id ?? nothing} name=${f.name ?? f.id ?? nothing} .checked=${live(Boolean(f.value))} ?disabled=${f.disabled} @change=${e => { f.change?.(e.target.checked); redraw(); }}><span class="track" aria-hidden="true"></span><span>${f.label}${f.hint ? html`<span class="hint">${f.hint}</span>` : nothing}</span></label>`;

/** Boxes to tick (`many`) or one to pick: options are [value, heading, text]. */
export const cards = f => html`<fieldset class="stack tight"><legend class="strong">${f.label}</legend>${f.options.map(([v, b, s]) => html`<label class="choice"><input type=${f.many ? 'checkbox' : 'radio'} name=${f.name} value=${v} .checked=${live(f.many ? f.value.includes(v) : f.value === v)} @change=${e => { f.change(v, e.target.checked); redraw(); }}><b>${b}</b>${s ? html`<span>${s}</span>` : nothing}</label>`)}</fieldset>`;

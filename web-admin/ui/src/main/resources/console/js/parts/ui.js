// Small parts that every page uses.
import { html, nothing } from '../lit.js';
import { t, dateTime, exact, ago } from '../i18n.js';

const SPRITE = new URL('../../icons.svg', import.meta.url).href;
export const MARK = new URL('../../mark.svg', import.meta.url).href;

export const icon = (name, cls = '') => html`<svg class="icon ${cls}" aria-hidden="true" focusable="false"><use href="${SPRITE}#${name}"></use></svg>`;

/** State as an icon and a word; the tone (ok, warn, bad, accent or none) only repeats it. */
export const badge = (tone, image, text) => html`<span class="badge ${tone}">${icon(image)}${text}</span>`;

export const pageHead = (title, text, actions) => html`<div class="page-head"><div><h1 id="page-title" tabindex="-1">${title}</h1>${text ? html`<p>${text}</p>` : nothing}</div>${actions ? html`<div class="actions">${actions}</div>` : nothing}</div>`;

/** A choice of one in a row: options are [value, label]. */
export const choices = (label, options, value, pick) => html`<div class="seg" role="group" aria-label=${label}>${options.map(([v, l]) => html`<button type="button" aria-pressed=${v === value ? 'true' : 'false'} @click=${() => pick(v)}>${l}</button>`)}</div>`;

export const notice = (tone, image, text, action) => html`<div class="notice ${tone}">${icon(image)}<div class="grow">${text}</div>${action ?? nothing}</div>`;

/** What happened, what to do, and the id found in the log. */
export const failure = (problem, retry) => !problem ? nothing : html`<div class="notice bad" role="alert">${icon('circle-alert')}<div class="grow">${problemText(problem)}${problem.id ? html` <span class="dim small nowrap">${t('error.id', { id: problem.id })}</span>` : nothing}</div>${retry ? html`<button class="btn small" type="button" @click=${retry}>${icon('refresh-cw', 's')}${t('do.retry')}</button>` : nothing}</div>`;
export const problemText = p => p.status === 0 ? t('error.unreachable') : p.status === 403 && !p.title ? t('error.forbidden') : p.title || p.detail || t('error.unknown', { status: p.status ?? '' }) + (p.status ? '' : ` ${p.message}`);

export const empty = (image, heading, text, action) => html`<div class="empty">${icon(image)}<h2>${heading}</h2>${text ? html`<p>${text}</p>` : nothing}${action ?? nothing}</div>`;

/** Grey bars while the first answer is on its way. */
export const loading = (rows = 5) => html`<div class="loading" role="status"><span class="vh">${t('state.loading')}</span>${Array.from({ length: rows }, () => html`<i aria-hidden="true"></i>`)}</div>`;

/** A moment: how long ago, with the exact time on hover. */
export const when = at => at ? html`<time datetime=${at} title=${exact(at)}>${ago(at)}</time>` : html`<span class="dim">${t('time.never')}</span>`;
export const at = instant => instant ? html`<time datetime=${instant} title=${exact(instant)}>${dateTime(instant)}</time>` : nothing;

export const initials = name => name.split(/[\s._@-]+/).filter(Boolean).map(p => p[0]).slice(0, 2).join('').toUpperCase() || '?';

export async function copy(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* no secure context: the old way */ }
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'vh';
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}

/** Saves text as a file, without a request. */
export function save(name, text, type = 'text/plain') {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

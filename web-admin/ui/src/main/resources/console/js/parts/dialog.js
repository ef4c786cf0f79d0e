// Native <dialog>: the focus trap, Esc and the inert page come from the browser. Dialogs are opened from code, drawn by
// the frame, and give the focus back to what opened them.
import { html, nothing, ref } from '../lit.js';
import { state, set, redraw } from '../store.js';
import { t } from '../i18n.js';
import { problemText } from './ui.js';
import { icon } from './ui.js';

let count = 0;

/** A body that scrolls is reached by Tab, so that arrow keys scroll it; one that does not is no stop. */
const scrolls = el => { if (el) { el.tabIndex = el.scrollHeight > el.clientHeight + 1 ? 0 : -1; heights.observe(el); } };
const heights = new ResizeObserver(entries => entries.forEach(e => scrolls(e.target)));

/**
 * Opens a dialog. `view` answers { heading, text, steps, body, foot, submit } at each render; with `submit` the body and
 * foot are a form. `mayClose` false keeps Esc and the cross from closing it.
 */
export function openDialog({ view, size = '', name = '', onclose = () => {}, mayClose = () => true }) {
  const d = { id: `dialog-${++count}`, name, size, view, mayClose, back: document.activeElement, busy: false, problem: null, values: {} };
  d.close = result => {
    if (!state.dialogs.includes(d)) return;
    set({ dialogs: state.dialogs.filter(x => x !== d) });
    onclose(result);
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (state.dialogs.length) return;
      const to = d.back?.isConnected && d.back !== document.body ? d.back : document.getElementById('page-title');
      to?.focus({ preventScroll: true });
    }));
  };
  d.redraw = redraw;
  /** Puts the focus on the heading again after a step. */
  d.focus = () => requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById(`${d.id}-h`)?.focus()));
  /** Runs something that may take a while: marks the dialog busy, shows the problem it ends with. Answers whether it went well. */
  d.run = async work => {
    if (d.busy) return false;
    d.busy = true; d.problem = null; redraw();
    try { await work(); return true; } catch (e) { if (e.name !== 'AbortError') { d.problem = e; if (!('status' in e)) console.error(e); } return false; } finally { d.busy = false; redraw(); }
  };
  d.mount = el => { if (el) queueMicrotask(() => { if (el.isConnected && !el.open) el.showModal(); }); };
  set({ dialogs: [...state.dialogs, d] });
  return d;
}

export const dialogs = () => state.dialogs.map(d => {
  const v = d.view(d);
  const inside = html`
    <div class="dlg-head"><div><h2 id="${d.id}-h" tabindex="-1" autofocus>${v.heading}</h2>${v.text ? html`<p>${v.text}</p>` : nothing}${v.steps ?? nothing}</div>
      ${d.mayClose() ? html`<button class="btn ghost icon-only" type="button" aria-label=${t('do.close')} @click=${() => d.close()}>${icon('x')}</button>` : nothing}</div>
    <div class="dlg-body stack loose" role="group" aria-labelledby="${d.id}-h" ${ref(el => scrolls(el))}>${d.problem && !Object.keys(d.problem.fields ?? {}).length ? html`<div class="notice bad" role="alert">${icon('circle-alert')}<div class="grow">${problemText(d.problem)}${d.problem.id ? html` <span class="dim small nowrap">${t('error.id', { id: d.problem.id })}</span>` : nothing}</div></div>` : nothing}${v.body}</div>
    <div class="dlg-foot">${v.foot}</div>`;
  return html`<dialog id=${d.id} class="${d.size} ${d.name}" aria-labelledby="${d.id}-h" aria-busy=${d.busy ? 'true' : 'false'} ${ref(d.mount)}
    @cancel=${e => { if (e.target !== e.currentTarget) return; e.preventDefault(); if (d.mayClose()) d.close(); }} @close=${e => { if (e.target === e.currentTarget) d.close(); }}>
    ${v.submit ? html`<form class="dlg-form" novalidate @submit=${e => { e.preventDefault(); v.submit(new FormData(e.target), e.target); }}>${inside}</form>` : inside}</dialog>`;
});

/** Cancel and one action named for what it does. */
export const foot = (d, { keep = t('do.cancel'), action, tone = 'primary', image, disabled = false, run }) => html`
  <button class="btn" type="button" @click=${() => d.close()}>${keep}</button>
  <button class="btn ${tone}" type=${run ? 'button' : 'submit'} ?disabled=${disabled || d.busy} @click=${run ?? nothing}>${d.busy ? icon('loader-circle', 's spin') : image ? icon(image, 's') : nothing}${action}</button>`;

/** A list of what will happen: [icon, tone, heading, text]. */
export const points = list => html`<ul class="checks">${list.filter(Boolean).map(([image, tone, b, s]) => html`<li>${icon(image, tone)}<div><b>${b}</b>${s ? html`<span>${s}</span>` : nothing}</div></li>`)}</ul>`;

/**
 * Asks before something that ends or removes. `run` does it and may throw a Problem, which is shown in place.
 * With `typed` the action waits until that text was typed.
 */
export function confirm({ heading, text, list = [], body, keep, action, tone = 'danger', image, typed, typedLabel, run }) {
  return new Promise(done => openDialog({
    size: 'narrow',
    onclose: result => done(result === true),
    view: d => ({
      heading, text,
      body: html`${list.length ? points(list) : nothing}${body?.(d) ?? nothing}
        ${typed ? html`<div class="field"><label for="${d.id}-t">${typedLabel}</label><input id="${d.id}-t" autocomplete="off" spellcheck="false" .value=${d.values.typed ?? ''} @input=${e => { d.values.typed = e.target.value; redraw(); }}></div>` : nothing}`,
      foot: foot(d, { keep, action, tone, image, disabled: typed != null && d.values.typed !== String(typed), run: async () => { if (await d.run(() => run(d))) d.close(true); } }),
    }),
  }));
}
